using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 20: percent of quota and rollover on net use after the append, once per window.</summary>
public sealed class ThresholdTests
{
    private static LimitGroup Watched(long quota, params int[] percents) => Quota(quota) with { Thresholds = percents.ToItems() };

    private static UsageTracked Use(int number, long quantity, long left) =>
        Tracked(number, May, true, [Used(Tokens(quantity))], Took("tokens", left, Q(quantity)));

    private static IEnumerable<int> Percents(LedgerSpec spec) => spec.Appended.OfType<ThresholdReached>().Select(e => e.Percent);

    [Test]
    public void It_is_reached_at_the_very_percentage() => Given(Assign(Watched(100, 80)), Track(1, Tokens(79)))
        .When(Track(2, Tokens(1))).Then(Use(2, 1, 20), Reached(May, 80, 80, 100))
        .When(Track(3, Tokens(1))).Then(Use(3, 1, 19));

    [Test]
    public void Several_at_once_each_with_the_same_use() => Given(Assign(Watched(100, 50, 80, 100)))
        .When(Track(1, Tokens(90))).Then(Use(1, 90, 10), Reached(May, 50, 90, 100), Reached(May, 80, 90, 100))
        .When(Track(2, Tokens(10))).Then(Use(2, 10, 0), Reached(May, 100, 100, 100));

    [Test]
    public void A_hold_is_no_use() => Given(Assign(Watched(100, 50)))
        .When(Reserve(1, Tokens(90))).ThenKinds(typeof(Reserved))
        .When(Commit(2, of: 1, Tokens(49))).ThenKinds(typeof(Committed), typeof(Refunded))
        .When(Reserve(3, Tokens(20))).ThenKinds(typeof(Reserved))
        .When(Commit(4, of: 3, Tokens(1)))
        .Then(
            Committed(4, 3, May, [Used(Tokens(1))], Took("tokens", 31, Q(20))), Unused(4, 3, May, Took("tokens", 50, Q(19))),
            Reached(May, 50, 50, 100));

    [Test]
    public void Refunds_do_not_arm_it_again() => Given(Assign(Watched(100, 50)), Track(1, Tokens(60)), Refund(2, of: 1))
        .When(Track(3, Tokens(60))).Then(Use(3, 60, 40));

    [Test]
    public void Raising_the_limit_arms_those_above_present_use() =>
        Given(Assign(Watched(100, 10, 40, 80)), Track(1, Tokens(80)), Customize(2, new CustomLimit("tokens", 200)))
        .When(Track(3, Tokens(79))).Then(Use(3, 79, 41))
        .When(Track(4, Tokens(1))).Then(Use(4, 1, 40), Reached(May, 80, 160, 200));

    [Test]
    public void A_limit_that_stays_or_is_lowered_arms_nothing()
    {
        // bug: any change of limits armed what refunds had brought below
        Given(Assign(Watched(100, 50)), Track(1, Tokens(50)), Refund(2, of: 1, Back(30)), Customize(3, new CustomLimit("tokens", 100)))
            .When(Track(4, Tokens(30))).ThenKinds(typeof(UsageTracked));
        Given(Assign(Watched(100, 50)), Track(1, Tokens(50)), Refund(2, of: 1, Back(30)), Customize(3, new CustomLimit("tokens", 90)))
            .When(Track(4, Tokens(30))).ThenKinds(typeof(UsageTracked));
        Given(Assign(Watched(100, 50)), Track(1, Tokens(50)), Refund(2, of: 1, Back(30)), Customize(3, new CustomLimit("tokens", 120)))
            .When(Track(4, Tokens(40))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached));
    }

    [Test]
    public void A_carried_plan_with_a_higher_quota_arms_too() =>
        Given(Assign(Watched(100, 80)), Track(1, Tokens(80)), Assign(2, PlanOf(Watched(200, 80)), PlanChange.NowCarry))
        .When(Track(3, Tokens(80))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached));

    [Test]
    public void A_carried_plan_with_its_own_percentages_tells_those() =>
        Given(Assign(Watched(100, 50)), Track(1, Tokens(60)), Assign(2, PlanOf(Watched(100, 50, 60, 90)), PlanChange.NowCarry))
        .When(Track(3, Tokens(1))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached))
        .When(Track(4, Tokens(29))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached));

    [Test]
    public void Rollover_counts_to_the_limit()
    {
        var spec = Given(Assign(Watched(100, 50) with { RolloverMax = 100 }), Track(1, Tokens(40)));
        spec.At(June).When(Track(2, Tokens(79)));
        Assert.That(Percents(spec), Is.Empty);
        spec.When(Track(3, Tokens(1)));
        Assert.That(spec.Appended[^1], Is.EqualTo(Reached(June, 50, 80, 160) with { Start = June, End = July }));
    }

    [Test]
    public void Rollover_that_comes_later_raises_the_limit()
    {
        var spec = Given(Assign(Watched(100, 50) with { RolloverMax = 100 })).At(June.AddMinutes(-5)).And(Reserve(1, Tokens(10)));
        spec.At(June).When(Track(2, Tokens(50)));
        Assert.That(Percents(spec), Is.EqualTo(new[] { 50 }), "of 100: the period before is open");
        spec.When(Commit(3, of: 1, Tokens(10))).ThenKinds(typeof(Committed), typeof(PeriodClosed));
        spec.When(Track(4, Tokens(44))).ThenKinds(typeof(UsageTracked));
        spec.When(Track(5, Tokens(1))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached));
    }

    [Test]
    public void A_cap_has_thresholds_too_and_each_of_its_windows_starts_anew()
    {
        var (day, next) = (May, May.AddDays(1));
        var spec = Given(Assign(Quota(1_000), Cap(100) with { Thresholds = [90] }));
        spec.When(Track(1, Tokens(90)));
        Assert.That(spec.Appended[^1], Is.EqualTo(new ThresholdReached(May, "daily", 1, day, next, 90, 90, 100)));
        spec.When(Track(2, Tokens(5))).ThenKinds(typeof(UsageTracked));
        spec.At(next).When(Track(3, Tokens(89))).ThenKinds(typeof(UsageTracked));
        spec.When(Track(4, Tokens(1)));
        Assert.That(spec.Appended[^1], Is.EqualTo(new ThresholdReached(next, "daily", 1, next, next.AddDays(1), 90, 90, 100)));
    }

    [Test]
    public void Late_usage_in_a_window_that_told_it_tells_nothing() =>
        // bug: a window that was over was forgotten with what it had told
        Given(Assign(Quota(1_000), Cap(100) with { Thresholds = [50] })).At(May.AddDays(1)).And(Track(1, Tokens(60)))
        .At(May.AddDays(3)).And(Track(2, Tokens(1)))
        .When(Late(3, May.AddDays(1), Tokens(70))).ThenKinds(typeof(UsageTracked));

    [Test]
    public void Use_beyond_the_quota_has_percentages_above_100() =>
        Given(Assign(Watched(100, 150) with { Overage = Over(1_000) }), Track(1, Tokens(149)))
        .When(Track(2, Tokens(1))).Then(Tracked(2, May, true, [Used(Tokens(1))], Took("tokens", 950, O(1))), Reached(May, 150, 150, 100));

    [Test]
    public void Credits_are_no_use_of_the_quota() =>
        Given(Assign(Watched(100, 50)), Grant(9, 1_000), Track(1, Tokens(40)), Customize(2, new CustomLimit("tokens", 40)))
        .When(Track(3, Tokens(500)))
        .Then(Tracked(3, May, true, [Used(Tokens(500))], Took("tokens", 500, C(500, 9))), Reached(May, 50, 40, 40));

    [Test]
    public void Without_a_quota_the_first_use_reaches_all() => Given(Assign(Watched(0, 50, 100) with { Overage = Over(1_000) }))
        .When(Track(1, Tokens(1))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached), typeof(ThresholdReached));

    [Test]
    public void Late_usage_counts_against_the_limit_of_its_own_period()
    {
        var plan = PlanOf(Watched(100, 50)) with { LateGrace = TimeSpan.FromDays(2) };
        Given(Assign(90, plan), Track(1, Tokens(10))).At(June).And(Track(2, Tokens(1)), Customize(3, new CustomLimit("tokens", 1_000)))
            .When(Late(4, June.AddHours(-1), Tokens(40)))
            .Then(
                new UsageTracked(June, By(4), 1, 1, false, false, [Used(Tokens(40))], [Took("tokens", 50, Q(40))], June.AddHours(-1)),
                Reached(June, 50, 50, 100));
    }

    [Test]
    public void What_the_percentage_is_of_is_exact_for_the_largest_quota() =>
        Given(Assign(Watched(PlanRules.AmountMost, 100)), PostPaid(1, Tokens(PlanRules.AmountMost - 1)))
        .When(PostPaid(2, Tokens(1))).ThenKinds(typeof(UsageTracked), typeof(ThresholdReached));
}
