using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 13: reservations carved from another one's hold.</summary>
public sealed class RunTests
{
    private static readonly DateTimeOffset Soon = May.AddMinutes(1);

    // carved from the run

    [Test]
    public void A_child_takes_of_what_the_run_holds_and_needs_no_other_room() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)))
        .When(Child(2, of: 1, Tokens(40)))
        .Then(Carved(2, 1, May, [Used(Tokens(40))], Took("tokens", 0, Q(40))))
        .ThenBalance("tokens", used: 0, held: 100, available: 0);

    [Test]
    public void It_takes_the_runs_buckets_in_the_order_of_their_draw() =>
        Given(Assign(Quota(50) with { Overage = Over(100) }), Grant(3, 20), Reserve(1, Tokens(100)))
        .When(Child(2, of: 1, Tokens(60))).Then(Carved(2, 1, May, [Used(Tokens(60))], Took("tokens", 70, Q(50), C(10, 3))))
        .When(Child(4, of: 1, Tokens(40))).Then(Carved(4, 1, May, [Used(Tokens(40))], Took("tokens", 70, C(10, 3), O(30))))
        .ThenGrant(3, used: 0, held: 20, expired: 0);

    [Test]
    public void It_counts_in_the_runs_windows_and_period_under_the_runs_plan()
    {
        var (eve, next) = (June.AddMinutes(-2), June.AddMinutes(1));
        Given(Assign(Quota(500), Cap(100))).At(eve).And(Reserve(1, Tokens(90)), End(5))
            .At(next).When(Child(2, of: 1, Tokens(40)))
            .Then(Carved(2, 1, next, [Used(Tokens(40))], Took("tokens", 410, Q(40)), Took("daily", 10, Q(40)).In(June.AddDays(-1), June))
                with { Deadline = eve + TenMinutes })
            .When(Commit(3, of: 2)).Then(Committed(3, 2, next, [Used(Tokens(40))],
                Took("tokens", 410, Q(40)), Took("daily", 10, Q(40)).In(June.AddDays(-1), June)));
    }

    [Test]
    public void It_has_the_runs_prices_whatever_the_catalog_says_by_now()
    {
        Rate[] rates = [Price(3), Price(5, book: 2, from: May.AddSeconds(30))];
        Given(Assign(Dollars(1_000)), Reserve(1, Tokens(100, Price(3)))).At(Soon)
            .When(Child(2, of: 1, Tokens(10, Price(5, book: 2, from: May.AddSeconds(30)))))
            .Then(Carved(2, 1, Soon, [Used(Tokens(10), 0, Rated(30, Price(3)))], Took("money", 700, Q(30)))
                with { Deadline = May + TenMinutes })
            .When(Child(3, of: 1, Tokens(10, rates).Of("small")))
            .Then(Carved(3, 1, Soon, [Used(Tokens(10).Of("small"), 0, Rated(30, Price(3)))], Took("money", 700, Q(30)))
                with { Deadline = May + TenMinutes })
            .When(Commit(4, of: 3, Tokens(9, rates).Of("tiny")))
            .Then(
                Committed(4, 3, Soon, [Used(Tokens(9).Of("tiny"), 0, Rated(27, Price(3)))], Took("money", 700, Q(30))),
                Unused(4, 3, Soon, Took("money", 700, Q(3))) with { ToParent = Number(1) });
    }

    [Test]
    public void Beyond_the_rest_of_the_run_it_is_denied_however_much_room_there_is() =>
        Given(Assign(Quota(1_000)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Child(3, of: 1, Tokens(61))).ThenDenied(DenialReason.RunBudget, "tokens", 61, 1_000, 0, 100, 60, null)
        .When(Child(4, of: 1, Tokens(60))).ThenKinds(typeof(Reserved));

    [Test]
    public void A_group_that_the_run_does_not_hold_has_nothing_for_it() =>
        Given(Assign(Quota(100), Quota(5, "images", "image.*", "count")), Reserve(1, Tokens(100)))
        .When(Child(2, of: 1, Tokens(1), Images(1))).ThenDenied(DenialReason.RunBudget, "images", 1, 5, 0, 0, 0, null);

    [Test]
    public void What_no_group_matches_and_what_has_no_price_is_denied_as_ever() =>
        Given(Assign(Dollars(1_000)), Reserve(1, Tokens(10, Price(3))))
        .When(Child(2, of: 1, Images(1))).ThenDenied(DenialReason.Unmatched)
        .When(Child(3, of: 1, Tokens(1).Of("small"))).ThenDenied(DenialReason.Unpriced);

    [Test]
    public void Suspension_blocks_children_too() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), new Suspend(Number(5), Hash(5), "fraud"))
        .When(Child(2, of: 1, Tokens(1))).ThenDenied(DenialReason.Suspended);

    [Test]
    public void A_check_says_what_a_child_would_be_answered() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)))
        .When(new Check([Tokens(40)], Number(1)))
            .ThenAnswer<Allowed>(allowed => Assert.That(allowed.Draws, Is.EqualTo(new[] { Took("tokens", 0, Q(40)) })))
        .When(new Check([Tokens(101)], Number(1))).ThenDenied(DenialReason.RunBudget, "tokens", 101, 100, 0, 100, 100, null)
        .When(new Check([Tokens(1)], Number(77))).ThenRefused(RefusalKind.NotFound, "parent_id");

    [Test]
    public void A_child_is_reserved_once() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(60)))
        .When(Child(2, of: 1, Tokens(60))).ThenDoneBefore(2, revision: 2);

    // the run

    [Test]
    public void Runs_have_one_level() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(60)))
        .When(Child(3, of: 2, Tokens(1))).ThenRefused(RefusalKind.Invalid, "parent_id", "nobody's child");

    [Test]
    public void A_run_that_is_unknown_or_settled_is_looked_up_and_named()
    {
        var spec = Given(Assign(Quota(100)), Reserve(1, Tokens(10)), Reserve(2, Tokens(10)), Commit(3, of: 1),
            Release(4, of: 2), Track(5, Tokens(1)));
        spec.When(Child(10, of: 1, Tokens(1))).ThenRefused(RefusalKind.Settled, "parent_id", "was committed at");
        spec.When(Child(11, of: 2, Tokens(1))).ThenRefused(RefusalKind.Settled, "parent_id", "was released at");
        spec.When(Child(12, of: 5, Tokens(1))).ThenRefused(RefusalKind.Settled, "parent_id", "usage tracked at");
        spec.When(Child(13, of: 77, Tokens(1))).ThenRefused(RefusalKind.NotFound, "parent_id");
        spec.And(Reserve(6, Tokens(10))).At(Expiry(May))
            .When(Child(14, of: 6, Tokens(1))).ThenRefused(RefusalKind.Settled, "parent_id", "has expired");
    }

    [Test]
    public void Past_its_deadline_a_run_takes_children_only_once_it_is_extended() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)))
        .At(May + TenMinutes).When(Child(2, of: 1, Tokens(1))).ThenRefused(RefusalKind.Conflict, "parent_id", "extend it first")
        .When(Extend(3, of: 1, TenMinutes)).ThenKinds(typeof(HoldExtended))
        .When(Child(4, of: 1, Tokens(1))).ThenKinds(typeof(Reserved));

    // deadlines

    [Test]
    public void A_childs_deadline_is_no_later_than_its_runs() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)))
        .At(Soon).When(Child(2, of: 1, Tokens(1)))
        .Then(Carved(2, 1, Soon, [Used(Tokens(1))], Took("tokens", 0, Q(1))) with { Deadline = May + TenMinutes })
        .When(Child(3, of: 1, Tokens(1)) with { TimeToLive = TimeSpan.FromMinutes(2) })
        .Then(Carved(3, 1, Soon, [Used(Tokens(1))], Took("tokens", 0, Q(1))) with { Deadline = May.AddMinutes(3) });

    [Test]
    public void Its_grace_ends_no_later_than_its_runs() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)))
        .When(Child(2, of: 1, Tokens(1)) with { TimeToLive = TimeSpan.FromMinutes(9), Grace = TimeSpan.FromHours(1) })
        .Then(Carved(2, 1, May, [Used(Tokens(1))], Took("tokens", 0, Q(1)))
            with { Deadline = May.AddMinutes(9), Grace = TimeSpan.FromSeconds(90) });

    [Test]
    public void Extending_a_child_moves_neither_deadline_nor_end_past_the_runs() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(1)) with { TimeToLive = TimeSpan.FromMinutes(2) },
            Child(3, of: 1, Tokens(1)) with { TimeToLive = TimeSpan.FromMinutes(2), Grace = TimeSpan.FromMinutes(5) })
        .When(Extend(4, of: 2, TimeSpan.FromHours(1))).Then(new HoldExtended(May, By(4), Number(2), May + TenMinutes, [], []))
        .When(Extend(5, of: 3, TimeSpan.FromHours(1))).Then(new HoldExtended(May, By(5), Number(3), May.AddMinutes(5.5), [], []))
        .When(Extend(6, of: 1, TimeSpan.FromHours(1))).Then(new HoldExtended(May, By(6), Number(1), May.AddHours(1), [], []))
        .When(Extend(7, of: 2, TimeSpan.FromHours(2))).Then(new HoldExtended(May, By(7), Number(2), May.AddHours(1), [], []));

    // more for a child

    [Test]
    public void What_is_added_to_a_child_is_carved_from_the_run() =>
        Given(Assign(Quota(500)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Extend(3, of: 2, null, Tokens(61))).ThenDenied(DenialReason.RunBudget, "tokens", 61, 500, 0, 100, 60, null)
        .When(Extend(4, of: 2, null, Tokens(60)))
        .Then(new HoldExtended(May, By(4), Number(2), May + TenMinutes, [Used(Tokens(60))], [Took("tokens", 400, Q(60))]))
        .ThenBalance("tokens", used: 0, held: 100, available: 400)
        .When(Child(5, of: 1, Tokens(1))).ThenDenied(DenialReason.RunBudget);

    [Test]
    public void What_is_added_to_the_run_is_there_for_its_children() =>
        Given(Assign(Quota(500)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(100)))
        .When(Extend(3, of: 1, null, Tokens(50)))
        .Then(new HoldExtended(May, By(3), Number(1), May + TenMinutes, [Used(Tokens(50))], [Took("tokens", 350, Q(50))]))
        .When(Child(4, of: 1, Tokens(50))).Then(Carved(4, 1, May, [Used(Tokens(50))], Took("tokens", 350, Q(50))))
        .When(Child(5, of: 1, Tokens(1))).ThenDenied(DenialReason.RunBudget);

    // what a child does not use

    [Test]
    public void Unused_returns_to_the_open_run() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Commit(3, of: 2, Tokens(15)))
        .Then(
            Committed(3, 2, May, [Used(Tokens(15))], Took("tokens", 0, Q(40))),
            Unused(3, 2, May, Took("tokens", 0, Q(25))) with { ToParent = Number(1) })
        .ThenBalance("tokens", used: 15, held: 85, available: 0)
        .When(Child(4, of: 1, Tokens(85))).ThenKinds(typeof(Reserved));

    [Test]
    public void So_does_a_child_that_is_released() => Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Release(3, of: 2)).Then(Released(3, 2, May, Took("tokens", 0, Q(40))) with { ToParent = Number(1) })
        .ThenBalance("tokens", used: 0, held: 100, available: 0)
        .When(Child(4, of: 1, Tokens(100))).ThenKinds(typeof(Reserved));

    [Test]
    public void And_one_that_expires() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)) with { TimeToLive = TimeSpan.FromMinutes(1) })
        .At(May.AddMinutes(2)).When(Child(3, of: 1, Tokens(100)))
        .Then(
            Expired(2, May.AddMinutes(2), Took("tokens", 0, Q(40))) with { ToParent = Number(1) },
            Carved(3, 1, May.AddMinutes(2), [Used(Tokens(100))], Took("tokens", 0, Q(100))) with { Deadline = May + TenMinutes });

    [Test]
    public void What_returns_takes_its_place_in_the_order_of_the_draw() =>
        Given(Assign(Quota(50) with { Overage = Over(100) }), Grant(3, 20, priority: 2), Grant(4, 10, priority: 1), Reserve(1, Tokens(100)),
            Child(2, of: 1, Tokens(65)), Release(5, of: 2))
        .When(Release(6, of: 1)).Then(Released(6, 1, May, Took("tokens", 180, O(20), C(20, 3), C(10, 4), Q(50))));

    [Test]
    public void A_grant_that_expires_meanwhile_is_held_on_by_the_run()
    {
        var late = May.AddMinutes(6);
        Given(Assign(Quota(0)), Grant(3, 100, May.AddMinutes(5)), Reserve(1, Tokens(60)), Child(2, of: 1, Tokens(40)))
            .At(late).When(Commit(4, of: 2, Tokens(15)))
            .Then(
                new CreditExpired(late, Number(3), 40), Committed(4, 2, late, [Used(Tokens(15))], Took("tokens", 0, C(40, 3))),
                Unused(4, 2, late, Took("tokens", 0, C(25, 3))) with { ToParent = Number(1) })
            .ThenGrant(3, used: 15, held: 45, expired: 40)
            .When(Release(5, of: 1)).Then(Released(5, 1, late, Took("tokens", 0, C(45, 3))), new CreditExpired(late, Number(3), 45));
    }

    [Test]
    public void Without_an_open_run_it_returns_to_its_buckets() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)), Child(3, of: 1, Tokens(30)), Release(4, of: 1))
        .When(Commit(5, of: 2, Tokens(15)))
        .Then(Committed(5, 2, May, [Used(Tokens(15))], Took("tokens", 30, Q(40))), Unused(5, 2, May, Took("tokens", 55, Q(25))))
        .When(Release(6, of: 3)).Then(Released(6, 3, May, Took("tokens", 85, Q(30))));

    // settling the run

    [Test]
    public void Releasing_the_run_gives_back_only_what_no_child_holds() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Release(3, of: 1)).Then(Released(3, 1, May, Took("tokens", 60, Q(60))))
        .ThenBalance("tokens", used: 0, held: 40, available: 60)
        .When(Commit(4, of: 2)).Then(Committed(4, 2, May, [Used(Tokens(40))], Took("tokens", 60, Q(40))));

    [Test]
    public void A_run_of_which_children_hold_all_has_nothing_to_give_back() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(40)), Child(2, of: 1, Tokens(40)))
        .When(Release(3, of: 1)).Then(Released(3, 1, May))
        .ThenBalance("tokens", used: 0, held: 40, available: 60);

    [Test]
    public void Committing_the_run_charges_what_it_used_itself() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .When(Commit(3, of: 1, Tokens(10)))
        .Then(Committed(3, 1, May, [Used(Tokens(10))], Took("tokens", 0, Q(60))), Unused(3, 1, May, Took("tokens", 50, Q(50))))
        .ThenBalance("tokens", used: 10, held: 40, available: 50);

    [Test]
    public void Committed_whole_a_run_charges_as_much_of_its_lines_as_its_rest_pays_for() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(50).Of("large"), Tokens(50).Of("small")), Child(2, of: 1, Tokens(30).Of("small")))
        .When(Commit(3, of: 1))
        .Then(Committed(3, 1, May, [Used(Tokens(50).Of("large")), Used(Tokens(20).Of("small"))], Took("tokens", 0, Q(70))));

    [Test]
    public void What_is_less_than_one_more_of_a_line_goes_back() =>
        Given(Assign(Dollars(1_000)), Reserve(1, Tokens(10, Price(7))), Child(2, of: 1, Tokens(4, Price(5)).Of("small")))
        .When(Commit(3, of: 1))
        .Then(
            Committed(3, 1, May, [Used(Tokens(7), 0, Rated(49, Price(7)))], Took("money", 930, Q(50))),
            Unused(3, 1, May, Took("money", 931, Q(1))));

    [Test]
    public void Expiring_it_gives_back_only_what_no_child_holds() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
        .At(Expiry(May)).When(Track(3, Tokens(100)))
        .Then(
            Expired(1, Expiry(May), Took("tokens", 60, Q(60))), Expired(2, Expiry(May), Took("tokens", 100, Q(40))),
            Tracked(3, Expiry(May), true, [Used(Tokens(100))], Took("tokens", 0, Q(100))));

    [Test]
    public void A_child_without_its_run_lives_on_up_to_24_hours_after_the_run_was_reserved() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)) with { TimeToLive = TimeSpan.FromHours(20) }).At(May.AddHours(10))
        .And(Child(2, of: 1, Tokens(40)), Release(3, of: 1))
        .When(Extend(4, of: 2, TimeSpan.FromHours(24), Tokens(60)))
        .Then(new HoldExtended(May.AddHours(10), By(4), Number(2), May.AddHours(24), [Used(Tokens(60))], [Took("tokens", 0, Q(60))]))
        .When(Extend(5, of: 2, null, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void A_period_closes_once_the_last_child_is_settled()
    {
        var late = June.AddMinutes(1);
        Given(Assign(Quota(100))).At(June.AddMinutes(-1)).And(Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)))
            .At(late).And(Release(3, of: 1))
            .When(Close(1)).ThenRefused(RefusalKind.NotDue, "period", "this one has 1")
            .When(Commit(4, of: 2)).ThenKinds(typeof(Committed), typeof(PeriodClosed));
    }

    // excess

    [Test]
    public void Excess_takes_the_rest_of_the_run_first_then_room_and_the_rest_is_overrun() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(70)), Child(2, of: 1, Tokens(40)))
        .When(Commit(3, of: 2, Tokens(50)))
        .Then(Committed(3, 2, May, [Used(Tokens(50))], Took("tokens", 30, Q(50))) with { FromParent = [Took("tokens", 30, Q(10))] })
        .ThenBalance("tokens", used: 50, held: 20, available: 30)
        .And(Child(4, of: 1, Tokens(5)))
        .When(Commit(5, of: 4, Tokens(60)))
        .Then(Committed(5, 4, May, [Used(Tokens(60), overrun: 10)], Took("tokens", 0, Q(50)))
            with { FromParent = [Took("tokens", 0, Q(15))] })
        .ThenBalance("tokens", used: 100, held: 0, available: 0)
        .When(Release(6, of: 1)).Then(Released(6, 1, May));

    [Test]
    public void Excess_takes_what_the_run_drew_first() =>
        Given(Assign(Quota(50) with { Overage = Over(100) }), Reserve(1, Tokens(80)), Child(2, of: 1, Tokens(20)))
        .When(Commit(3, of: 2, Tokens(60)))
        .Then(Committed(3, 2, May, [Used(Tokens(60))], Took("tokens", 70, Q(50), O(10)))
            with { FromParent = [Took("tokens", 70, Q(30), O(10))] });

    [Test]
    public void Without_an_open_run_excess_takes_room() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(70)), Child(2, of: 1, Tokens(40)), Release(3, of: 1))
        .When(Commit(4, of: 2, Tokens(110))).Then(Committed(4, 2, May, [Used(Tokens(110), overrun: 10)], Took("tokens", 0, Q(100))));

    // later

    [Test]
    public void A_later_refund_of_a_child_goes_to_the_buckets_not_to_the_run() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(100)), Child(2, of: 1, Tokens(40)), Commit(3, of: 2, Tokens(30)))
        .When(Refund(4, of: 2, Back(10))).Then(GaveBack(4, 2, May, [Back(10)], Took("tokens", 10, Q(10))))
        .ThenBalance("tokens", used: 20, held: 70, available: 10);

    [Test]
    public void An_agent_run_of_20_tool_calls_and_50_model_calls_has_one_budget_and_releasing_it_gives_back_all_that_is_left()
    {
        var budget = Dollars(1_000_000) with { Matches = [new Match("llm.*", Attributes.None), new Match("tool.*", Attributes.None)] };
        var spec = Given(Assign(budget), Reserve(1, Tokens(50_000, Price(3)), Tool(20)));
        for (var call = 0; call < 20; call++) spec.And(Child(100 + call, of: 1, Tool(1)), Commit(200 + call, of: 100 + call));
        for (var call = 0; call < 50; call++)
            spec.And(Child(300 + call, of: 1, Tokens(1_000, Price(3))), Commit(400 + call, of: 300 + call, Tokens(700, Price(3))));
        spec.ThenBalance("money", used: (20 * 500) + (50 * 2_100), held: 45_000, available: 1_000_000 - 160_000);

        spec.When(Child(2, of: 1, Tokens(15_001, Price(3))))
            .ThenDenied(DenialReason.RunBudget, "money", 45_003, 1_000_000, 115_000, 45_000, 45_000, null);
        spec.When(Release(3, of: 1)).Then(Released(3, 1, May, Took("money", 1_000_000 - 115_000, Q(45_000))))
            .ThenBalance("money", used: 115_000, held: 0, available: 1_000_000 - 115_000);
    }

    private static AskedLine Tool(long calls) => new("tool.call", "count", Attributes.None, calls, [Price(500)]);

    private static Reserved Carved(int number, int of, DateTimeOffset at, Items<UsedLine> lines, params Draw[] draws) =>
        Reserved(number, at, lines, draws) with { Parent = Number(of) };

}
