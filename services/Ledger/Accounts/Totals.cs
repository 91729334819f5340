using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>What a period comes to, per group and meter.</summary>
public static class Totals
{
    public static Items<GroupTotal> Of(LedgerState state, PeriodUse period, bool closing) =>
        period.Groups.Select(sum => Of(sum, closing ? RolledOver(state, period, sum) : 0)).ToItems();

    public static Items<MeterTotal> OfMeters(PeriodUse period) =>
        period.Meters.Select(sum => new MeterTotal(sum.Meter, sum.Quantity, sum.Overrun)).ToItems();

    /// <summary>
    /// What the bill of a closed period leaves below zero: billable = max(0, total + adjustments), the negative rest moves to the next period.
    /// </summary>
    public static (long Usage, long Overage, long Charge) CarriedOut(GroupTotal total) => total.Reporting?.What switch
    {
        Reports.Usage => (Math.Min(0, total.Billed(Reports.Usage)), 0, 0),
        Reports.Overage => (0, Math.Min(0, total.Billed(Reports.Overage)), 0),
        Reports.Charge => (0, 0, Math.Min(0, total.Billed(Reports.Charge))),
        _ => (0, 0, 0),
    };

    /// <summary>Tiers count per window: where windows are not the billing period, each is charged by itself.</summary>
    public static bool IsChargedByWindow(LimitGroup group) =>
        group.Window != WindowLength.BillingPeriod && group.Overage is { Tiers.Count: > 0 };

    /// <summary>Nano-units for the overage of a window (rule 19): money groups without tiers are charged what they came to.</summary>
    public static long Charge(LimitGroup group, long overage)
    {
        if (overage <= 0 || group.Overage is not { } terms) return 0;
        if (terms.Tiers.Count > 0) return Rating.Charge(overage, terms.Mode, terms.Tiers);
        return group.IsMoney ? overage : 0;
    }

    private static GroupTotal Of(GroupSum sum, long rolledOver) => new(
        sum.Group.Label, sum.Since, sum.Group.Unit, sum.Group.Kind, sum.Rollover, sum.Quota, sum.Credit, sum.Overage, ChargeOf(sum),
        sum.AdjustedUsage, sum.AdjustedOverage, sum.AdjustedCharge, rolledOver, sum.Group.Reporting,
        sum.Windows.Count == 0 ? null : sum.Windows.ToItems());

    private static long ChargeOf(GroupSum sum) =>
        IsChargedByWindow(sum.Group)
            ? InRange(sum.Windows.Aggregate(Int128.Zero, (all, one) => all + ChargeOf(sum.Group, one)))
            : Charge(sum.Group, sum.Overage);

    private static long ChargeOf(LimitGroup group, WindowOverage window) =>
        Charge(group, window.Before + window.Overage) - Charge(group, window.Before);

    // each window fits; a sum of many that does not must not stop a period from closing
    private static long InRange(Int128 sum) => (long)Int128.Clamp(sum, long.MinValue, long.MaxValue);

    /// <summary>What is left of rollover and quota, up to the plan's maximum, where the next period goes on with the group.</summary>
    private static long RolledOver(LedgerState state, PeriodUse period, GroupSum sum)
    {
        var next = state.Ended.Count > 1 ? state.Ended[1] : state.Current;
        if (sum.Group.RolloverMax == 0 || next?.Sum(sum.Group.Label, sum.Since) is null) return 0;
        var use = state.Use(sum.Group.Label, sum.Since)?.At(period.Period.Start);
        var quota = (sum.LimitAtEnd ?? state.Limit(sum.Group)) - (use?.QuotaUsed ?? 0);
        var rollover = (use?.RolloverSize ?? 0) - (use?.RolloverUsed ?? 0);
        return Math.Min(sum.Group.RolloverMax, Math.Max(0, quota) + Math.Max(0, rollover));
    }
}
