using Metering.BillingSync.Reports;
using Metering.Contracts.Messages;

namespace Metering.BillingSync.Messages;

/// <summary>From a period message to the command that takes its totals over.</summary>
public static class PeriodTotals
{
    /// <exception cref="UnusableTotalsException">Nobody could mean them.</exception>
    public static TakeTotals Of(PeriodEnded ended) => new(
        ended.User, ended.EventId, ended.Revision, ended.Period, ended.Start, ended.End, false, ended.StripeCustomer,
        LinesOf(ended.Groups));

    /// <exception cref="UnusableTotalsException">Nobody could mean them.</exception>
    public static TakeTotals Of(PeriodClosed closed) => new(
        closed.User, closed.EventId, closed.Revision, closed.Period, closed.Start, closed.End, true, closed.StripeCustomer,
        LinesOf(closed.Groups));

    /// <exception cref="UnusableTotalsException">Nobody could mean them.</exception>
    public static LineTotal[] LinesOf(IEnumerable<GroupTotal> groups) =>
    [
        .. from total in groups
           where total.Reporting is not null
           let reporting = total.Reporting
           select LineTotal.Of(total.Group, reporting.StripeMeter, reporting.What, reporting.Scale, TotalOf(total, reporting.What)),
    ];

    private static Int128 TotalOf(GroupTotal group, string what) => what switch
    {
        "usage" => (Int128)group.Rollover + group.Quota + group.Credit + group.Overage + group.AdjustedUsage,
        "overage" => (Int128)group.Overage + group.AdjustedOverage,
        "charge" => (Int128)group.Charge + group.AdjustedCharge,
        _ => throw new UnusableTotalsException($"group {group.Group} reports '{what}', which is not known here"),
    };
}
