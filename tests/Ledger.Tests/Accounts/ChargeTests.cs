using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rules 11 and 19: the charge is f(net overage of the window), fixed at close; refunds then are worth f(old) − f(new).</summary>
public sealed class ChargeTests
{
    private static readonly Reporting Money = new("charges", 1, Reports.Charge);

    // the first ten cost 2 each, those above 4 each; by volume, all of them do
    private static LimitGroup Tiered(WindowLength window, TierMode mode = TierMode.Graduated) => Quota(0) with
    {
        Window = window, Reporting = Money,
        Overage = new(long.MaxValue, mode, [new Tier(10, new(2, 1), 0), new Tier(long.MaxValue, new(4, 1), 0)]),
    };

    private static GroupTotal[] Closed(LedgerSpec spec, DateTimeOffset at)
    {
        spec.At(at).When(Grant(200 + at.Month, 1, unit: "other"));
        return spec.Appended.OfType<PeriodClosed>().Select(e => e.Groups.Single(one => one.Group == "tokens")).ToArray();
    }

    private static ChargeBack[] WorthOf(LedgerSpec spec) => ((Refunded)spec.Appended[^1]).Worth?.ToArray() ?? [];

    [TestCase(TierMode.Graduated, 40, 10, 10)]
    [TestCase(TierMode.Volume, 40, 10, 10)]
    [TestCase(TierMode.Graduated, 48, 12, 10)]
    [TestCase(TierMode.Volume, 68, 12, 10)]
    public void Each_day_of_a_daily_group_is_charged_by_itself(TierMode mode, long charge, int first, int second)
    {
        // two days of 10 in a daily group cost 20 each: together they would be in the second tier
        var spec = Given(Assign(Tiered(WindowLength.Day, mode)), Track(1, Tokens(first)));
        spec.At(May.AddDays(1)).And(Track(2, Tokens(second)));
        var total = Closed(spec, June).Single();
        Assert.That((total.Overage, total.Charge), Is.EqualTo((first + second, charge)));
        Assert.That(total.Windows, Is.EqualTo(new[] { new WindowOverage(May, first), new WindowOverage(May.AddDays(1), second) }));
    }

    [TestCase(TierMode.Graduated, 60)]
    [TestCase(TierMode.Volume, 80)]
    public void A_billing_period_is_one_window(TierMode mode, long charge)
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod, mode)), Track(1, Tokens(10)));
        spec.At(May.AddDays(1)).And(Track(2, Tokens(10)));
        var total = Closed(spec, June).Single();
        Assert.That((total.Charge, total.Windows), Is.EqualTo((charge, (Items<WindowOverage>?)null)));
    }

    [TestCase(WindowLength.Year)]
    [TestCase(WindowLength.Lifetime)]
    public void A_window_longer_than_the_period_goes_on_in_its_tiers(WindowLength window)
    {
        // bug: each month started in the first tier again
        var spec = Given(Assign(Tiered(window)), Track(1, Tokens(8)));
        spec.At(June).And(Track(2, Tokens(5)));
        var totals = Closed(spec, July);
        Assert.That(totals.Single().Charge, Is.EqualTo(2 * 2 + 3 * 4));
        spec.And(Track(3, Tokens(1)));
        Assert.That(Closed(spec, July.AddMonths(3)).Select(total => total.Charge), Is.EqualTo(new long[] { 4, 0, 0 }));
        spec.And(Track(4, Tokens(2)));
        Assert.That(Closed(spec, July.AddMonths(4)).Single().Charge, Is.EqualTo(8));
    }

    [Test]
    public void A_week_across_the_boundary_goes_on_in_its_tiers()
    {
        // 1 June 2026 is a Monday: the week of 29 June has 30 June and 1 July
        var spec = Given(Assign(Tiered(WindowLength.Week))).At(July.AddDays(-1)).And(Track(1, Tokens(10)));
        spec.At(July).And(Track(2, Tokens(3)));
        Assert.That(Closed(spec, July.AddMonths(1)).Single().Charge, Is.EqualTo(12));
    }

    [Test]
    public void A_refund_while_the_period_is_open_lowers_its_charge()
    {
        var spec = Given(Assign(Tiered(WindowLength.Day)), Track(1, Tokens(12))).At(May.AddDays(1)).And(Track(2, Tokens(12)));
        spec.When(Refund(3, of: 1, Back(5)));
        Assert.That(WorthOf(spec), Is.Empty);
        var total = Closed(spec, June).Single();
        Assert.That((total.Charge, total.AdjustedCharge), Is.EqualTo((14 + 28, 0)));
    }

    [TestCase(TierMode.Graduated, 8, 8, 20)]
    [TestCase(TierMode.Volume, 8, 28, 20)]
    public void Refunds_after_close_are_worth_what_the_charge_is_less(TierMode mode, long to12, long to10, long to0)
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod, mode)), Track(1, Tokens(14))).At(June).And(Close(1));
        spec.When(Refund(2, of: 1, Back(2)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 2, to12) }));
        spec.When(Refund(3, of: 1, Back(2)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 2, to10) }));
        spec.When(Refund(4, of: 1));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 10, to0) }));
        var total = Closed(spec, July).Single();
        Assert.That((total.AdjustedUsage, total.AdjustedOverage, total.AdjustedCharge), Is.EqualTo((-14, -14, -to12 - to10 - to0)));
    }

    [Test]
    public void Per_window_after_close_too()
    {
        var spec = Given(Assign(Tiered(WindowLength.Day)), Track(1, Tokens(12))).At(May.AddDays(1)).And(Track(2, Tokens(11)));
        spec.At(June).And(Close(1));
        spec.When(Refund(3, of: 2, Back(2)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May.AddDays(1), 2, 4 + 2) }));
        spec.When(Refund(4, of: 1, Back(3)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 3, 8 + 2) }));
        spec.When(Refund(5, of: 2, Back(9)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May.AddDays(1), 9, 18) }));
    }

    [Test]
    public void Two_reservations_of_one_window_give_back_from_its_top_together()
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(10)), Track(2, Tokens(10))).At(June).And(Close(1));
        spec.When(Refund(3, of: 1));
        Assert.That(WorthOf(spec).Single().Nanos, Is.EqualTo(40), "the window goes from 20 to 10, whoever used them first");
        spec.When(Refund(4, of: 2));
        Assert.That(WorthOf(spec).Single().Nanos, Is.EqualTo(20));
    }

    [Test]
    public void A_refund_that_finds_the_period_due_to_close_is_worth_as_much()
    {
        // bug: the close was due and in no stream yet, so that the refund was worth nothing
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(14))).At(June);
        spec.When(Refund(2, of: 1, Back(4))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(Refunded));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 4, 16) }));
    }

    [Test]
    public void It_is_worth_what_the_plan_at_close_charged()
    {
        // bug: the tiers of the reservation's plan, though the period was closed by those of the plan that carried it on
        var dearer = Tiered(WindowLength.BillingPeriod) with { Overage = Over(long.MaxValue, nanosEach: 7) };
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(10)), Assign(2, PlanOf(dearer), PlanChange.NowCarry));
        spec.At(June).When(Close(1));
        Assert.That(spec.Appended.OfType<PeriodClosed>().Single().Groups[0].Charge, Is.EqualTo(70));
        spec.And(Assign(3, PlanOf(Tiered(WindowLength.BillingPeriod)), PlanChange.NowCarry));
        spec.When(Refund(4, of: 1));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("tokens", 1, May, 10, 70) }));
    }

    [Test]
    public void Money_without_tiers_is_worth_what_it_came_to()
    {
        var group = Dollars(100) with { Overage = new(1_000, TierMode.Graduated, []), Reporting = Money };
        var spec = Given(Assign(group), Track(1, Tokens(30, Price(5)))).At(June).And(Close(1));
        spec.When(Refund(2, of: 1, Back(12)));
        Assert.That(WorthOf(spec), Is.EqualTo(new[] { new ChargeBack("money", 1, May, 50, 50) }));
    }

    [Test]
    public void Quota_and_credits_are_worth_nothing()
    {
        var spec = Given(Assign(Quota(10)), Grant(9, 10), Track(1, Tokens(20))).At(June).And(Close(1));
        spec.When(Refund(2, of: 1)).ThenKinds(typeof(Refunded));
        Assert.That(WorthOf(spec), Is.Empty);
    }

    [Test]
    public void A_negative_rest_is_carried_until_something_is_charged()
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(10))).At(June).And(Close(1), Refund(2, of: 1));
        spec.At(July).And(Close(2), Track(3, Tokens(4)));
        var totals = Closed(spec, July.AddMonths(2)).Select(total => (total.Charge, total.AdjustedCharge));
        Assert.That(totals, Is.EqualTo(new[] { (8L, -20L), (0, -12) }));
    }

    [Test]
    public void Without_a_plan_it_is_owed_and_the_next_plans_period_takes_it()
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(14)), End(2));
        spec.When(Refund(3, of: 1, Back(2)))
            .ThenKinds(typeof(Refunded));
        Assert.That(((Refunded)spec.Appended[^1]).AdjustsPeriod, Is.Null);
        spec.And(Refund(4, of: 1, Back(2)));
        spec.At(June).And(Assign(5, PlanOf(Tiered(WindowLength.BillingPeriod))), Track(6, Tokens(1)));
        var total = Closed(spec, July).Single();
        Assert.That((total.Charge, total.AdjustedUsage, total.AdjustedOverage, total.AdjustedCharge), Is.EqualTo((2, -4, -4, -16)));
    }

    [Test]
    public void A_negative_rest_at_the_end_of_the_plan_is_owed_too()
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(10))).At(June).And(Close(1), Refund(2, of: 1), End(3));
        spec.At(July).And(Assign(4, PlanOf(Tiered(WindowLength.BillingPeriod))), Track(5, Tokens(1)));
        var total = Closed(spec, July.AddMonths(1)).Single();
        Assert.That((total.Charge, total.AdjustedCharge), Is.EqualTo((2L, -20L)));
    }

    [Test]
    public void What_is_owed_twice_is_owed_together()
    {
        var spec = Given(Assign(Tiered(WindowLength.BillingPeriod)), Track(1, Tokens(10)));
        spec.At(June).And(Close(1), Refund(2, of: 1, Back(5)), Track(3, Tokens(1)), End(4));
        spec.And(Refund(5, of: 1, Back(5)), Refund(6, of: 3));
        spec.At(July).And(Assign(7, PlanOf(Tiered(WindowLength.BillingPeriod))));
        // 10 of May less 2 of June, 10 of May, 2 of June
        Assert.That(Closed(spec, July.AddMonths(1)).Select(total => total.AdjustedCharge), Is.EqualTo(new[] { -20L }));
    }

    [Test]
    public void Overage_that_would_cost_more_than_fits_is_malformed()
    {
        // bug: it was granted, and then every read and the close of its period failed for ever
        var dear = Quota(0) with { Overage = Over(long.MaxValue, nanosEach: 1_000) };
        var spec = Given(Assign(dear));
        spec.When(Reserve(1, Tokens(long.MaxValue / 1_000 + 1))).ThenRefused(RefusalKind.Invalid, "lines[0].quantity");
        spec.When(PostPaid(2, Tokens(long.MaxValue / 1_000 + 1))).ThenRefused(RefusalKind.Invalid, "lines[0].quantity");
        spec.And(Reserve(3, Tokens(long.MaxValue / 1_000)));
        spec.When(Track(4, Tokens(1))).ThenRefused(RefusalKind.Invalid, "lines[0].quantity");
        spec.When(Extend(5, of: 3, null, Tokens(1))).ThenRefused(RefusalKind.Invalid, "add[0].quantity");
        spec.And(Commit(6, of: 3));
        Assert.That(Closed(spec, June).Single().Charge, Is.EqualTo(long.MaxValue / 1_000 * 1_000));
    }
}
