using System.Globalization;
using Metering.Contracts.Messages;

namespace Metering.BillingSync.Reports;

/// <summary>A period's totals that nobody could mean: however often they come, they are refused.</summary>
public sealed class UnusableTotalsException(string message) : Exception(message);

/// <summary>
/// What Stripe is to be told: the target, less everything planned and not proven refused. So whatever is in flight is never planned twice, and
/// rounding happens once per period.
/// </summary>
public static class Planning
{
    /// <summary>The largest value of Stripe's 15 digits.</summary>
    private const long ValueMost = 999_999_999_999_999;

    /// <summary>More parts than this is a scale that was forgotten, not usage.</summary>
    private const int PartsMost = 1_000;

    public static List<BillingEvent> Decide(BillingState state, TakeTotals totals, DateTimeOffset at)
    {
        // Messages overtake each other and come twice: only what is newer in the ledger says anything new.
        if (totals.LedgerRevision <= state.TakenUpTo(totals.Period)) return [];
        var lines = totals.Groups.Where(group => group.Reporting is not null).Select(LineOf).ToList();
        var customer = totals.LedgerRevision > state.CustomerRevision ? totals.StripeCustomer : state.StripeCustomer;
        var unlinked = customer is null ? [] : state.Reports.Where(report => report.Status == ReportStatus.Unlinked).ToList();
        if (lines.Count == 0 && unlinked.Count == 0) return [];
        return
        [
            new TotalsTaken(
                at, totals.Source, totals.LedgerRevision, totals.Period, totals.Start, totals.End, totals.Closed, lines, totals.StripeCustomer),
            .. unlinked.Select(report => new ReportLinked(at, report.Identifier, customer!)),
            .. TargetsOf(totals.Period, lines).SelectMany(target => Plan(state, totals, target.Key, target.Value, customer, at)),
        ];
    }

    /// <summary>Billable is max(0, total + adjustments); the ledger carries the negative rest into the next period.</summary>
    private static LineTotal LineOf(GroupTotal group)
    {
        var reporting = group.Reporting!;
        if (reporting.Scale < 1) throw new UnusableTotalsException($"group {group.Group} reports by a scale of {reporting.Scale}");
        var total = TotalOf(group, reporting.What);
        if (total > long.MaxValue || total < long.MinValue)
            throw new UnusableTotalsException($"group {group.Group} has a total beyond 64 bits: {total}");
        return new LineTotal(
            group.Group, reporting.StripeMeter, reporting.What, reporting.Scale, (long)total, (long)Int128.Max(0, total) / reporting.Scale);
    }

    private static Int128 TotalOf(GroupTotal group, string what) => what switch
    {
        "usage" => (Int128)group.Rollover + group.Quota + group.Credit + group.Overage + group.AdjustedUsage,
        "overage" => (Int128)group.Overage + group.AdjustedOverage,
        "charge" => (Int128)group.Charge + group.AdjustedCharge,
        _ => throw new UnusableTotalsException($"group {group.Group} reports '{what}', which is not known here"),
    };

    /// <summary>A plan change can start a group anew within a period: both count on one line, each rounded by itself.</summary>
    private static IEnumerable<KeyValuePair<LineKey, long>> TargetsOf(int period, List<LineTotal> lines) => lines
        .GroupBy(line => new LineKey(period, line.Group, line.StripeMeter))
        .Select(same => KeyValuePair.Create(same.Key, same.Sum(line => line.Target)));

    private static IEnumerable<ReportPlanned> Plan(
        BillingState state, TakeTotals totals, LineKey key, long target, string? customer, DateTimeOffset at)
    {
        var earlier = state.Of(key);
        var revision = earlier.Count;
        var receiver = ReceiverOf(earlier) ?? customer;
        foreach (var value in Split(target - earlier.Where(report => report.Counts).Sum(report => report.Value)))
        {
            revision++;
            yield return new ReportPlanned(
                at, Identifiers.Of(totals.User, receiver, key, revision, totals.Source), totals.Period, key.Group, revision,
                totals.Closed ? PlanReason.PeriodClosed : PlanReason.PeriodEnded, totals.Source, key.StripeMeter,
                value.ToString(CultureInfo.InvariantCulture), UsageWindow.TimestampOf(totals.Start, totals.End), receiver);
        }
    }

    // A correction goes to whom the rest of the period went: taken off another customer's sum, it would be lost.
    private static string? ReceiverOf(IReadOnlyList<Report> earlier) => earlier.LastOrDefault(report => report.Counts)?.StripeCustomer;

    private static IEnumerable<long> Split(long delta)
    {
        if (delta / ValueMost is > PartsMost or < -PartsMost)
            throw new UnusableTotalsException($"{delta} is more than {PartsMost} reports can carry: the Stripe meter needs a larger scale");
        for (; delta != 0; delta -= Math.Clamp(delta, -ValueMost, ValueMost)) yield return Math.Clamp(delta, -ValueMost, ValueMost);
    }
}
