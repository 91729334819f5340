using System.Globalization;

namespace Metering.BillingSync.Reports;

/// <summary>A period's totals that nobody could mean: however often they come, they are refused.</summary>
public sealed class UnusableTotalsException(string message) : Exception(message);

/// <summary>
/// What Stripe is to be told: the target, less everything planned and not proven refused. So whatever is in flight is never planned twice,
/// and rounding happens once per period. A plan change can start a group anew within a period: both totals count on one line, each rounded
/// by itself.
/// </summary>
public static class Planning
{
    /// <summary>The largest value of Stripe's 15 digits.</summary>
    private const long ValueMost = 999_999_999_999_999;

    /// <summary>More parts than this is a scale that was forgotten, not usage.</summary>
    private const int PartsMost = 1_000;

    /// <summary>
    /// Takes totals over, and what they say of the customer. None: they say nothing new, and nothing is to be planned of them.
    /// </summary>
    public static List<BillingEvent>? Take(BillingState state, BillingPolicy policy, TakeTotals totals, DateTimeOffset at)
    {
        if (!IsNews(state, totals)) return null;
        var lines = totals.Lines.Where(line => IsReported(line, totals, policy)).ToList();
        var customer = totals.LedgerRevision > state.CustomerRevision ? totals.StripeCustomer : state.StripeCustomer;
        var unlinked = customer is null || totals.IsAlone
            ? []
            : state.Reports.Where(report => report.Status == ReportStatus.Unlinked).ToList();
        if (lines.Count == 0 && unlinked.Count == 0 && !state.LinesOf(totals.Period).Any()) return null;
        return
        [
            .. IsTaken(state, totals, lines) ? [] : new[] { ToEvent(totals, lines, at) },
            .. unlinked.Select(report => Link(state, policy, report, customer!, at)),
        ];
    }

    /// <summary>Links the reports of one period that wait for a customer.</summary>
    public static IEnumerable<BillingEvent> Link(BillingState state, BillingPolicy policy, LinkReports command, DateTimeOffset at) =>
        state.Reports.Where(report => report.Status == ReportStatus.Unlinked && report.Line.Period == command.Period)
            .Select(report => Link(state, policy, report, command.StripeCustomer, at));

    /// <summary>What is to be reported of a period, from the totals that were taken last, as far as it still can be billed.</summary>
    public static List<BillingEvent> Plan(
        BillingState state, BillingPolicy policy, string user, int period, PlanReason reason, DateTimeOffset at)
    {
        if (state.TakenOf(period) is not { } taken || policy.TooLate(TimestampOf(taken), taken.End, at) is not null) return [];
        return
        [
            .. state.LinesOf(period).Where(line => taken.SliceEnd is null || policy.Continuous.Contains(line.Line.StripeMeter))
                .SelectMany(line => Plan(state, policy, user, taken, line, reason, at)),
        ];
    }

    /// <summary>The time of what is reported of such totals.</summary>
    public static DateTimeOffset TimestampOf(TotalsTaken taken) => UsageWindow.TimestampOf(taken.Start, taken.SliceEnd ?? taken.End);

    // Messages overtake each other and come twice: only what is newer in the ledger says anything new. Who compares anew may take the same
    // again.
    private static bool IsNews(BillingState state, TakeTotals totals) =>
        totals.LedgerRevision > state.TakenUpTo(totals.Period)
        || (totals.IsResync && totals.LedgerRevision == state.TakenUpTo(totals.Period));

    private static bool IsReported(LineTotal line, TakeTotals totals, BillingPolicy policy) =>
        totals.SliceEnd is null || policy.Continuous.Contains(line.StripeMeter);

    // what is planned of a running period is planned for the slice that is over now
    private static bool IsTaken(BillingState state, TakeTotals totals, List<LineTotal> lines) =>
        state.TakenOf(totals.Period) is { } taken && taken.LedgerRevision == totals.LedgerRevision && taken.Lines.SequenceEqual(lines)
        && (taken.SliceEnd == totals.SliceEnd || state.LinesOf(totals.Period).All(line => line.Rest == 0));

    private static TotalsTaken ToEvent(TakeTotals totals, List<LineTotal> lines, DateTimeOffset at) => new(
        at, totals.Source, totals.LedgerRevision, totals.Period, totals.Start, totals.End, totals.Closed, lines, totals.StripeCustomer,
        totals.SliceEnd);

    // the customer may have become known only after the invoice
    private static BillingEvent Link(BillingState state, BillingPolicy policy, Report report, string customer, DateTimeOffset at) =>
        state.TooLate(policy, report, at) is null
            ? new ReportLinked(at, report.Identifier, customer)
            : new ReportMissedWindow(at, report.Identifier);

    private static IEnumerable<ReportPlanned> Plan(
        BillingState state, BillingPolicy policy, string user, TotalsTaken taken, LineBalance line, PlanReason reason, DateTimeOffset at)
    {
        var (key, earlier) = (line.Line, state.Of(line.Line));
        var revision = earlier.Count;
        var receiver = ReceiverOf(earlier) ?? state.StripeCustomer ?? (policy.NamesUsers ? user : null);
        foreach (var value in Split(line.Rest))
        {
            revision++;
            yield return new ReportPlanned(
                at, Identifiers.Of(user, receiver, key, revision, taken.Source), key.Period, key.Group, revision, reason, taken.Source,
                key.StripeMeter, value.ToString(CultureInfo.InvariantCulture), TimestampOf(taken), receiver);
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
