using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rules 1–6: admission, and what a denial says.</summary>
public sealed class ReserveTests
{
    [Test]
    public void Sets_amounts_aside_until_its_deadline() => Given(Assign(Quota(500)))
        .When(Reserve(1, Tokens(75)))
        .Then(Reserved(1, May, [Used(Tokens(75))], Took("tokens", 425, Q(75))))
        .ThenBalance("tokens", used: 0, held: 75, available: 425);

    [Test]
    public void Twenty_reservations_of_75_against_500_grant_exactly_six()
    {
        var spec = Given(Assign(Quota(500)));
        var granted = Enumerable.Range(1, 20).Count(number => spec.When(Reserve(number, Tokens(75))).Answer is Done);
        Assert.That(granted, Is.EqualTo(6));
        spec.ThenDenied(DenialReason.FundingExhausted, "tokens", 75, 500, 0, 450, 50, June);
    }

    [Test]
    public void Lines_are_admitted_together() => Given(Assign(Quota(100), Quota(5, "images", "image.*", "count")))
        .When(Reserve(1, Tokens(10), Images(2), Tokens(20)))
        .Then(Reserved(1, May, [Used(Tokens(10)), Used(Images(2)), Used(Tokens(20))], Took("tokens", 70, Q(30)), Took("images", 3, Q(2))));

    [Test]
    public void Lines_are_denied_together() => Given(Assign(Quota(100), Quota(5, "images", "image.*", "count")))
        .When(Reserve(1, Tokens(10), Images(6)))
        .ThenDenied(DenialReason.FundingExhausted, "images", 6, 5, 0, 0, 5, June)
        .ThenBalance("tokens", 0, 0, 100);

    [Test]
    public void Lines_of_one_group_need_room_for_their_sum() => Given(Assign(Quota(100)))
        .When(Reserve(1, Tokens(60), Tokens(41).Of("large")))
        .ThenDenied(DenialReason.FundingExhausted, "tokens", 101, 100, 0, 0, 100, June);

    [Test]
    public void Draws_rollover_then_quota_then_grants_then_overage() =>
        Given(Assign(Quota(100) with { RolloverMax = 40, Overage = Over(1_000) }), Grant(2, 10))
        .At(June).When(Reserve(1, Tokens(170)))
        .ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(Reserved))
        .ThenLastDraw(Took("tokens", 980, R(40), Q(100), C(10, 2), O(20)).In(June, July));

    [Test]
    public void Draws_grants_by_priority_then_soonest_expiry_then_oldest() => Given(Assign(Quota(0)),
            Grant(11, 10, priority: 1), Grant(12, 10), Grant(13, 10, June), Grant(14, 10, May.AddDays(9)), Grant(15, 10, June), Grant(16, 10, priority: -1))
        .When(Reserve(1, Tokens(60)))
        .Then(Reserved(1, May, [Used(Tokens(60))], Took("tokens", 0, C(10, 16), C(10, 14), C(10, 13), C(10, 15), C(10, 12), C(10, 11))));

    [Test]
    public void Draws_no_grant_of_another_unit() => Given(Assign(Quota(5)), Grant(2, 100, unit: "count"))
        .When(Reserve(1, Tokens(6))).ThenDenied(DenialReason.FundingExhausted, "tokens", 6, 5, 0, 0, 5, June);

    [Test]
    public void Draws_no_expired_grant() => Given(Assign(Quota(5)), Grant(2, 100, May.AddDays(1)))
        .At(May.AddDays(1)).When(Reserve(1, Tokens(6))).ThenDenied(DenialReason.FundingExhausted, "tokens", 6, 5, 0, 0, 5, June);

    [Test]
    public void Two_groups_never_draw_the_same_credit() => Given(Assign(Quota(0, "a", "llm.tokens"), Quota(0, "b", "llm.other")), Grant(2, 100))
        .When(Reserve(1, Tokens(60), Tokens(60) with { Meter = "llm.other" }))
        .ThenDenied(DenialReason.FundingExhausted, "b", 60, 0, 0, 0, 40, June);

    [Test]
    public void Every_matching_cap_must_have_room() => Given(Assign(Quota(500), Cap(100), Cap(30, WindowLength.Hour, "hourly")))
        .When(Reserve(1, Tokens(31)))
        .ThenDenied(DenialReason.CapReached, "hourly", 31, 30, 0, 0, 30, May.AddHours(1));

    [Test]
    public void A_cap_counts_beside_the_funding_group() => Given(Assign(Quota(500), Cap(100)))
        .When(Reserve(1, Tokens(60)))
        .Then(Reserved(1, May, [Used(Tokens(60))], Took("tokens", 440, Q(60)), Took("daily", 40, Q(60)).In(May, May.AddDays(1))));

    [Test]
    public void A_cap_has_room_again_in_its_next_window() => Given(Assign(Quota(500), Cap(100)), Track(1, Tokens(100)))
        .At(May.AddDays(1).AddTicks(-1)).When(Reserve(2, Tokens(1))).ThenDenied(DenialReason.CapReached, "daily", 1, 100, 100, 0, 0, May.AddDays(1))
        .At(May.AddDays(1)).When(Reserve(3, Tokens(100))).ThenKinds(typeof(Reserved));

    [Test]
    public void A_group_counts_only_lines_with_its_attributes() =>
        Given(Assign(Quota(500), Cap(10) with { Matches = [new Match("llm.*", Attributes.Of([new("model", "large")]))] }))
        .When(Reserve(1, Tokens(11).Of("large"))).ThenDenied(DenialReason.CapReached)
        .When(Reserve(2, Tokens(11).Of("small"))).ThenKinds(typeof(Reserved));

    [Test]
    public void A_user_without_a_plan_is_denied() => Given()
        .When(Reserve(1, Tokens(1))).ThenDenied(DenialReason.NoPlan, null, 0, 0, 0, 0, 0, null);

    [Test]
    public void What_no_funding_group_matches_is_denied() => Given(Assign(Quota(500)))
        .When(Reserve(1, Images(3))).ThenDenied(DenialReason.Unmatched, null, 3, 0, 0, 0, 0, null, "image.render");

    [Test]
    public void A_cap_alone_pays_for_nothing() => Given(Assign(Cap(100)))
        .When(Reserve(1, Tokens(1))).ThenDenied(DenialReason.Unmatched, null, 1, 0, 0, 0, 0, null, "llm.tokens");

    [Test]
    public void A_money_group_needs_a_price() => Given(Assign(Dollars(500)))
        .When(Reserve(1, Tokens(3))).ThenDenied(DenialReason.Unpriced, null, 3, 0, 0, 0, 0, null, "llm.tokens");

    [Test]
    public void A_book_that_is_not_in_force_yet_gives_no_price() => Given(Assign(Dollars(500)))
        .When(Reserve(1, Tokens(3, Price(1, from: May.AddTicks(1))))).ThenDenied(DenialReason.Unpriced);

    [Test]
    public void A_money_group_is_rated_by_the_book_in_force() => Given(Assign(Dollars(500)))
        .At(May.AddDays(2))
        .When(Reserve(1, Tokens(10, Price(3), Price(5, book: 2, from: May.AddDays(2)), Price(9, book: 3, from: May.AddDays(3)))))
        .Then(Reserved(1, May.AddDays(2), [Used(Tokens(10), 0, Rated(50, Price(5, book: 2)))], Took("money", 450, Q(50))));

    [Test]
    public void Each_line_is_rounded_once_half_to_even() => Given(Assign(Dollars(500)))
        .When(Reserve(1, Tokens(5, Price(1, 2)), Tokens(7, Price(1, 2))))
        .Then(Reserved(1, May, [Used(Tokens(5), 0, Rated(2, Price(1, 2))), Used(Tokens(7), 0, Rated(4, Price(1, 2)))], Took("money", 494, Q(6))));

    [Test]
    public void An_amount_beyond_64_bits_is_malformed() => Given(Assign(Dollars(500)))
        .When(Reserve(1, Tokens(long.MaxValue, Price(2)))).ThenRefused(RefusalKind.Invalid, "lines[0].quantity");

    [Test]
    public void A_sum_beyond_64_bits_is_malformed() => Given(Assign(Quota(500)))
        .When(Reserve(1, Tokens(long.MaxValue), Tokens(1))).ThenRefused(RefusalKind.Invalid, "lines[1].quantity");

    [Test]
    public void Huge_credits_add_up_without_overflow() => Given(Assign(Quota(1)), Grant(2, long.MaxValue), Grant(3, long.MaxValue))
        .When(Reserve(1, Tokens(long.MaxValue))).ThenKinds(typeof(Reserved));

    [Test]
    public void A_denial_says_when_a_lifetime_resets_never() => Given(Assign(Quota(10) with { Window = WindowLength.Lifetime }))
        .When(Reserve(1, Tokens(11))).ThenDenied(DenialReason.FundingExhausted, "tokens", 11, 10, 0, 0, 10, null);

    [Test]
    public void A_denial_appends_nothing_even_when_facts_were_due() => Given(Assign(Quota(500)), Reserve(1, Tokens(400)), Grant(3, 50, May.AddDays(2)))
        .At(June).When(Reserve(2, Tokens(501)))
        .ThenDenied(DenialReason.FundingExhausted, "tokens", 501, 500, 0, 0, 500, July)
        .When(Reserve(4, Tokens(500)))
        .ThenKinds(typeof(Released), typeof(CreditExpired), typeof(PeriodEnded), typeof(PeriodClosed), typeof(Reserved));

    [Test]
    public void A_denial_is_not_remembered() => Given(Assign(Quota(500)), Reserve(1, Tokens(400)))
        .When(Reserve(2, Tokens(101))).ThenDenied(DenialReason.FundingExhausted)
        .And(Release(3, of: 1))
        .When(Reserve(2, Tokens(101))).ThenKinds(typeof(Reserved));

    [Test]
    public void A_check_is_answered_as_a_reserve_would_be_and_takes_nothing()
    {
        var spec = Given(Assign(Quota(500), Cap(100)), Track(1, Tokens(30)));
        Answer Check(long quantity) => spec.When(new Check([Tokens(quantity)])).ThenNothing().Answer;
        Assert.That(Check(70), Is.EqualTo(new Allowed(
            [Took("tokens", 400, Q(70)), Took("daily", 0, Q(70)).In(May, May.AddDays(1))], May, 1)));
        Assert.That(Check(71), Is.EqualTo(spec.When(Reserve(2, Tokens(71))).ThenNothing().Answer));
        Assert.That(Check(70), Is.TypeOf<Allowed>(), "the checks took nothing");
    }

    [Test]
    public void A_check_without_a_plan_is_denied() => Given().When(new Check([Tokens(1)])).ThenDenied(DenialReason.NoPlan);

    [Test]
    public void A_clock_that_went_back_is_not_followed() => Given(Assign(Quota(500)))
        .At(May.AddMinutes(5)).And(Track(1, Tokens(1)))
        .At(May).When(Reserve(2, Tokens(1)))
        .Then(Reserved(2, May.AddMinutes(5), [Used(Tokens(1))], Took("tokens", 498, Q(1))));
}
