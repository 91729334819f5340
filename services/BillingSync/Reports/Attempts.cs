using System.Globalization;

namespace Metering.BillingSync.Reports;

/// <summary>
/// How a report is sent until Stripe has answered for certain. Identifiers make a repeat harmless, and "already exists" a proof, for as long as
/// Stripe remembers them; idempotency keys tell whether a refusal speaks of the attempt whose answer was lost.
/// </summary>
public static class Attempts
{
    /// <summary>Stripe remembers an identifier for at least 24 h: after that, sending it again might count twice.</summary>
    public static readonly TimeSpan IdentifierTrusted = TimeSpan.FromHours(23);

    public static List<BillingEvent> Begin(Report report, BeginAttempt command, DateTimeOffset at)
    {
        if (!report.IsOpen || UsageWindow.IsAhead(report.Planned.Timestamp, at)) return [];
        var earlier = EarlierEnd(report, command);
        var unsureSince = earlier is AttemptEnd.Failed or AttemptEnd.Lost ? report.UnsureSince ?? report.SentAt : report.UnsureSince;
        if (UsageWindow.IsPast(report.Planned.Timestamp, at))
            return unsureSince is null
                ? [new ReportMissedWindow(at, report.Identifier)]
                : [new ReportDoubted(at, report.Identifier, "out_of_window", "an earlier attempt may have been taken; too late to ask")];
        if (at - unsureSince >= IdentifierTrusted)
            return [new ReportDoubted(at, report.Identifier, "identifier_expired", "Stripe may have forgotten the identifier: sent again, it might count twice")];
        return [new ReportSent(at, report.Identifier, report.Attempts + 1, NextKey(report, earlier), earlier)];
    }

    public static List<BillingEvent> Record(Report report, RecordAnswer command, DateTimeOffset at) => command.Answer switch
    {
        _ when report.Status == ReportStatus.Accepted => [],
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

    // What the sender knows counts only for its own last attempt: after a crash, or another sender's attempt, the answer is lost.
    private static AttemptEnd EarlierEnd(Report report, BeginAttempt command) => report switch
    {
        { Attempts: 0 } => AttemptEnd.None,
        { LastEnd: { } end } => end,
        _ => command.Known == report.Attempts ? command.End : AttemptEnd.Lost,
    };

    /// <summary>
    /// Stripe keeps an idempotency key's first answer for a day, errors included: after an answer another key, after none the same key once more.
    /// </summary>
    private static string NextKey(Report report, AttemptEnd earlier) => earlier switch
    {
        AttemptEnd.None => report.Identifier,
        AttemptEnd.Lost when !report.KeyWorn => report.IdempotencyKey!,
        _ => string.Create(CultureInfo.InvariantCulture, $"{report.Identifier}#{report.Attempts + 1}"),
    };

    private static bool HasEarlier(Report report, int attempt) => report.UnsureSince is not null || report.Attempts > attempt;
}
