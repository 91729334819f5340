using System.Globalization;

namespace Metering.BillingSync.Reports;

/// <summary>
/// How a report is sent until Stripe has answered for certain. Identifiers make a repeat harmless, and "already exists" a proof, for as
/// long as Stripe remembers them; idempotency keys tell whether a refusal speaks of the attempt whose answer was lost.
/// </summary>
public static class Attempts
{
    /// <summary>Stripe remembers an identifier for at least 24 h: after that, sending it again might count twice.</summary>
    public static readonly TimeSpan IdentifierTrusted = TimeSpan.FromHours(23);

    /// <param name="tooLate">Why the report can no longer be billed; none: it can.</param>
    public static List<BillingEvent> Begin(Report report, BeginAttempt command, CarryReason? tooLate, DateTimeOffset at)
    {
        if (!report.IsOpen || UsageWindow.IsAhead(report.Planned.Timestamp, at)) return [];
        var earlier = EarlierEnd(report, command);
        var unsureSince = earlier is AttemptEnd.Failed or AttemptEnd.Lost ? report.UnsureSince ?? report.SentAt : report.UnsureSince;
        if (tooLate is { } reason)
            return unsureSince is null
                ? [new ReportMissedWindow(at, report.Identifier)]
                : [new ReportDoubted(at, report.Identifier, CodeOf(reason), TooLateToAsk)];
        if (at - unsureSince >= IdentifierTrusted)
            return [new ReportDoubted(at, report.Identifier, "identifier_expired", "Stripe may have forgotten the identifier: sent again, it might count twice")];
        return [new ReportSent(at, report.Identifier, report.Attempts + 1, NextKey(report, earlier), earlier)];
    }

    public static List<BillingEvent> Record(Report report, RecordAnswer command, DateTimeOffset at) => command.Answer switch
    {
        _ when report.Status is ReportStatus.Accepted or ReportStatus.Confirmed => [],
        StripeAnswer.Taken => [new ReportAccepted(at, report.Identifier, Duplicate: false)],
        StripeAnswer.Exists when HasEarlier(report, command.Attempt) => [new ReportAccepted(at, report.Identifier, Duplicate: true)],
        // another sender's attempt is under way: its answer decides
        _ when report.Status != ReportStatus.Sent || command.Attempt != report.Attempts => [],
        StripeAnswer.Exists exists => [new ReportRejected(at, report.Identifier, "identifier_collision", exists.Message)],
        StripeAnswer.Refused refused when report.UnsureUnderOtherKey => [new ReportDoubted(at, report.Identifier, refused.Code, refused.Message)],
        StripeAnswer.Refused refused => [new ReportRejected(at, report.Identifier, refused.Code, refused.Message)],
        StripeAnswer.TurnedAway away => [new ReportTurnedAway(at, report.Identifier, command.Attempt, away.Code, away.Message)],
        _ => throw new InvalidOperationException($"{command.Answer.GetType().Name} has no meaning here"),
    };

    /// <summary>
    /// Only what Stripe took, or may have, can be missing; what its summaries contain, only by force. Marked twice, it was marked once.
    /// </summary>
    public static List<BillingEvent> Miss(Report report, MarkMissing command, DateTimeOffset at) =>
        report.Status is ReportStatus.Accepted or ReportStatus.Doubted || (command.Force && report.Status == ReportStatus.Confirmed)
            ? [new ReportMissing(at, report.Identifier, command.Why)]
            : [];

    /// <summary>Summaries decide on what Stripe took, or may have, and nobody has decided on before.</summary>
    public static IEnumerable<BillingEvent> Find(BillingState state, RecordFindings findings, DateTimeOffset at) =>
    [
        .. Undecided(state, findings.Present).Select(report => new ReportConfirmed(at, report.Identifier)),
        .. Undecided(state, findings.Missing).Select(report => new ReportMissing(at, report.Identifier, findings.Why)),
    ];

    private static IEnumerable<Report> Undecided(BillingState state, IReadOnlyList<string> identifiers)
    {
        foreach (var identifier in identifiers)
            if (state.TryFind(identifier, out var report) && report.Status is ReportStatus.Accepted or ReportStatus.Doubted) yield return report;
    }

    /// <summary>Told twice, it was dropped once. While an answer is still to come, that decides first.</summary>
    public static List<BillingEvent> Reject(Report report, RejectTaken command, DateTimeOffset at) =>
        report.Status is ReportStatus.Accepted or ReportStatus.Doubted ? [new ReportRejected(at, report.Identifier, command.Code, command.Message)] : [];

    private const string TooLateToAsk = "an earlier attempt may have been taken; too late to ask";

    private static string CodeOf(CarryReason reason) => reason == CarryReason.OutOfWindow ? "out_of_window" : "invoice_final";

    // What the sender knows counts only for its own last attempt: after a crash, or another sender's attempt, the answer is lost.
    private static AttemptEnd EarlierEnd(Report report, BeginAttempt command) => report switch
    {
        { Attempts: 0 } => AttemptEnd.None,
        { LastEnd: { } end } => end,
        _ => command.Known == report.Attempts ? command.End : AttemptEnd.Lost,
    };

    /// <summary>
    /// Stripe keeps an idempotency key's first answer for a day, errors included: after an answer another key, after none the same key once
    /// more.
    /// </summary>
    private static string NextKey(Report report, AttemptEnd earlier) => earlier switch
    {
        AttemptEnd.None => report.Identifier,
        AttemptEnd.Lost when !report.KeyWorn => report.IdempotencyKey!,
        _ => string.Create(CultureInfo.InvariantCulture, $"{report.Identifier}#{report.Attempts + 1}"),
    };

    private static bool HasEarlier(Report report, int attempt) => report.UnsureSince is not null || report.Attempts > attempt;
}
