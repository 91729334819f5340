using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rules 4 and 18: plans, their changes and ends, limits of a user's own.</summary>
public sealed class PlanTests
{
    private static readonly DateTimeOffset Mid = May.AddDays(14);

    private static GroupTotal Total(long quota, long rolledOver = 0, string label = "tokens", int since = 1) =>
        new(label, since, "tokens", GroupKind.Funding, 0, quota, 0, 0, 0, 0, 0, 0, rolledOver, null);

    [Test]
    public void The_first_plan_starts_its_period_at_once() => Given().At(Mid)
        .When(Assign(1, PlanOf(Quota(100)), customer: "cus_1"))
        .Then(new PlanAssigned(Mid, By(1), 1, PlanOf(Quota(100)), PlanChange.NextPeriod, Mid, new(1, Mid, June), "cus_1"));

    [Test]
    public void A_period_by_the_subscriptions_start_begins_there() => Given().At(Mid)
        .When(Assign(1, PlanOf(Quota(100)) with { Anchor = Anchor.SubscriptionStart }))
        .ThenAnswer<Done>(done => Assert.That(((PlanAssigned)done.Events[0]).Starts, Is.EqualTo(new Period(1, Mid, Mid.AddMonths(1)))));

    [Test]
    public void Next_period_waits_for_the_boundary()
    {
        var spec = Given(Assign(Quota(100)), Track(1, Tokens(100)));
        spec.At(Mid).When(Assign(2, PlanOf(Quota(300))))
            .Then(new PlanAssigned(Mid, By(2), 2, PlanOf(Quota(300)), PlanChange.NextPeriod, May, null, null));
        spec.When(Track(3, Tokens(1))).ThenDenied(DenialReason.FundingExhausted, "tokens", 1, 100, 100, 0, 0, June);
        spec.At(June).When(Track(4, Tokens(300)))
            .Then(
                new PeriodEnded(June, new(1, May, June), [Total(100)], null, new(2, June, July), 2),
                new PeriodClosed(June, new(1, May, June), [Total(100)], [new("llm.tokens", 100, 0)], null),
                new UsageTracked(June, By(4), 2, 2, true, false, [Used(Tokens(300))], [Took("tokens", 0, Q(300)).In(June, July)]));
    }

    [Test]
    public void The_last_plan_assigned_is_the_one_that_waits() =>
        Given(Assign(Quota(100)), Assign(1, PlanOf(Quota(300))), Assign(2, PlanOf(Quota(700))))
        .At(June).When(Track(3, Tokens(701))).ThenDenied(DenialReason.FundingExhausted, "tokens", 701, 700, 0, 0, 700, July);

    [Test]
    public void Now_carry_keeps_use_and_holds_of_the_same_groups() => Given(Assign(Quota(100)), Track(1, Tokens(50)), Reserve(2, Tokens(20)))
        .When(Assign(3, PlanOf(Quota(300)), PlanChange.NowCarry))
        .Then(new PlanAssigned(May, By(3), 2, PlanOf(Quota(300)), PlanChange.NowCarry, May, null, null))
        .ThenBalance("tokens", used: 50, held: 20, available: 230)
        .When(Commit(4, of: 2)).Then(Committed(4, 2, May, [Used(Tokens(20))], Took("tokens", 230, Q(20))));

    [Test]
    public void Now_carry_starts_other_groups_empty() => Given(Assign(Quota(100), Cap(90)), Track(1, Tokens(50)), Reserve(2, Tokens(20)))
        .And(Assign(3, PlanOf(Quota(300, "other"), Cap(90, WindowLength.Hour)), PlanChange.NowCarry))
        .ThenBalance("other", 0, 0, available: 90).ThenBalance("daily", 0, 0, 90)
        .When(Commit(4, of: 2, Tokens(25)))
        .Then(Committed(4, 2, May, [Used(Tokens(25))], Took("tokens", 25, Q(25)), Took("daily", 15, Q(25)).In(May, May.AddDays(1))))
        .ThenBalance("other", 0, 0, available: 90);

    [Test]
    public void Both_the_old_and_the_new_groups_are_in_the_periods_totals()
    {
        var spec = Given(Assign(Quota(100)), Track(1, Tokens(50)), Assign(3, PlanOf(Quota(300, "other")), PlanChange.NowCarry), Track(4, Tokens(70)));
        spec.At(June).When(Track(5, Tokens(1)));
        var closed = spec.Appended.OfType<PeriodClosed>().Single();
        Assert.That(closed.Groups, Is.EqualTo(new[] { Total(50), Total(70, label: "other", since: 2) }));
    }

    [Test]
    public void A_carried_group_may_be_over_its_new_quota_and_nothing_is_taken_back() =>
        Given(Assign(Quota(100)), Track(1, Tokens(50)), Reserve(2, Tokens(20)), Assign(3, PlanOf(Quota(30)), PlanChange.NowCarry))
        .ThenBalance("tokens", used: 50, held: 20, available: 0)
        .When(Commit(4, of: 2)).Then(Committed(4, 2, May, [Used(Tokens(20))], Took("tokens", 0, Q(20))));

    [Test]
    public void Now_reset_ends_the_period_and_starts_the_next() =>
        // bug: the new period was ended instead of the old one
        Given(Assign(Quota(100)), Track(1, Tokens(50))).At(Mid)
        .When(Assign(2, PlanOf(Quota(300)), PlanChange.NowReset))
        .Then(
            new PeriodEnded(Mid, new(1, May, Mid), [Total(50)], null, null, null),
            new PlanAssigned(Mid, By(2), 2, PlanOf(Quota(300)), PlanChange.NowReset, Mid, new(2, Mid, June), null),
            new PeriodClosed(Mid, new(1, May, Mid), [Total(50)], [new("llm.tokens", 50, 0)], null))
        .ThenBalance("tokens", 0, 0, 300);

    [Test]
    public void A_hold_of_before_a_reset_settles_in_its_own_period() => Given(Assign(Quota(100)))
        .At(Mid).And(Reserve(1, Tokens(50)), Assign(2, PlanOf(Quota(300)), PlanChange.NowReset))
        .When(Commit(3, of: 1, Tokens(60)))
        .Then(
            Committed(3, 1, Mid, [Used(Tokens(60))], Took("tokens", 40, Q(60))),
            new PeriodClosed(Mid, new(1, May, Mid), [Total(60)], [new("llm.tokens", 60, 0)], null))
        .ThenBalance("tokens", 0, 0, 300);

    [Test]
    public void A_reset_is_answered_again_by_the_assignment() => Given(Assign(Quota(100))).At(Mid).And(Assign(2, PlanOf(Quota(300)), PlanChange.NowReset))
        .When(Assign(2, PlanOf(Quota(300)), PlanChange.NowReset)).ThenDoneBefore(2, revision: 2);

    [Test]
    public void Ending_the_plan_ends_the_period_now() => Given(Assign(Quota(100)), Track(1, Tokens(50))).At(Mid)
        .When(End(2))
        .Then(
            new PlanEnded(Mid, By(2), 1),
            new PeriodEnded(Mid, new(1, May, Mid), [Total(50)], null, null, null),
            new PeriodClosed(Mid, new(1, May, Mid), [Total(50)], [new("llm.tokens", 50, 0)], null))
        .When(Reserve(3, Tokens(1))).ThenDenied(DenialReason.NoPlan)
        .When(End(4)).ThenRefused(RefusalKind.NotFound, "user");

    [Test]
    public void Ending_the_plan_drops_the_one_that_waits() => Given(Assign(Quota(100)), Assign(2, PlanOf(Quota(300))), End(3))
        .At(July).When(Reserve(4, Tokens(1))).ThenDenied(DenialReason.NoPlan);

    [Test]
    public void A_hold_outlives_the_plan_and_closes_its_period_when_it_settles() => Given(Assign(Quota(100))).At(Mid).And(Reserve(1, Tokens(50)), End(2))
        .When(Commit(3, of: 1, Tokens(20)))
        .Then(
            Committed(3, 1, Mid, [Used(Tokens(20))], Took("tokens", 50, Q(50))), Unused(3, 1, Mid, Took("tokens", 80, Q(30))),
            new PeriodClosed(Mid, new(1, May, Mid), [Total(20)], [new("llm.tokens", 20, 0)], null));

    [Test]
    public void A_plan_after_the_end_starts_the_next_period() => Given(Assign(Quota(100)), Track(1, Tokens(50))).At(Mid).And(End(2))
        .At(Mid.AddDays(1)).When(Assign(3, PlanOf(Quota(300))))
        .Then(new PlanAssigned(Mid.AddDays(1), By(3), 2, PlanOf(Quota(300)), PlanChange.NextPeriod, Mid.AddDays(1), new(2, Mid.AddDays(1), June), null))
        .ThenBalance("tokens", 0, 0, 300);

    [Test]
    public void Own_limits_stand_instead_of_the_plans() => Given(Assign(Quota(100)))
        .When(Customize(1, new CustomLimit("tokens", 150))).Then(new LimitsCustomized(May, By(1), [new CustomLimit("tokens", 150)]))
        .When(Reserve(2, Tokens(151))).ThenDenied(DenialReason.FundingExhausted, "tokens", 151, 150, 0, 0, 150, June)
        .And(Customize(3, new CustomLimit("tokens", null)))
        .When(Reserve(4, Tokens(101))).ThenDenied(DenialReason.FundingExhausted, "tokens", 101, 100, 0, 0, 100, June);

    [Test]
    public void A_limit_lowered_below_use_takes_nothing_back() =>
        Given(Assign(Quota(100)), Track(1, Tokens(50)), Reserve(2, Tokens(30)), Customize(3, new CustomLimit("tokens", 20)))
        .ThenBalance("tokens", used: 50, held: 30, available: 0)
        .When(Reserve(4, Tokens(1))).ThenDenied(DenialReason.FundingExhausted, "tokens", 1, 20, 50, 30, 0, June)
        .When(Commit(5, of: 2, Tokens(31))).Then(Committed(5, 2, May, [Used(Tokens(31), overrun: 1)], Took("tokens", 0, Q(30))));

    [Test]
    public void Credits_are_room_though_a_lowered_quota_is_negative() =>
        Given(Assign(Quota(100)), Track(1, Tokens(50)), Customize(3, new CustomLimit("tokens", 20)), Grant(4, 5))
        .When(Reserve(5, Tokens(5))).Then(Reserved(5, May, [Used(Tokens(5))], Took("tokens", 0, C(5, 4))));

    [Test]
    public void Own_limits_name_groups_of_the_plan_or_the_next() => Given(Assign(Quota(100)), Assign(1, PlanOf(Quota(9, "other"))))
        .When(Customize(2, new CustomLimit("other", 1), new CustomLimit("nothing", 1))).ThenRefused(RefusalKind.NotFound, "limits[1].group");

    [Test]
    public void A_payment_is_credited_once_for_ever() => Given(Grant(1, 10))
        .At(May.AddYears(3)).When(Grant(2, 10) with { Source = "payment-1" }).ThenAnswer<DoneBefore>(before => Assert.That(before.Revision, Is.Zero))
        .When(Grant(3, 11) with { Source = "payment-1" }).ThenRefused(RefusalKind.Exists, "source");

    [Test]
    public void A_credit_must_expire_in_time_to_come() => Given()
        .When(Grant(1, 10, May)).ThenRefused(RefusalKind.Invalid, "expires_at")
        .When(Grant(2, 10, May.AddTicks(1)))
        .Then(new CreditGranted(May, By(2), Number(2), "tokens", 10, 0, May.AddTicks(1), "payment-2"));

    [Test]
    public void A_credit_expires_at_its_very_moment() => Given(Assign(Quota(0)), Grant(1, 10, Mid))
        .At(Mid.AddTicks(-1)).When(new Check([Tokens(10)])).ThenAnswer<Allowed>(allowed => Assert.That(allowed.Draws[0].Parts, Is.EqualTo(new[] { C(10, 1) with { Grant = IdAt(May, 1) } })))
        .At(Mid).When(new Check([Tokens(1)])).ThenDenied(DenialReason.FundingExhausted);
}
