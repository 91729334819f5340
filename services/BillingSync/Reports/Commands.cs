using Metering.Contracts.Messages;

namespace Metering.BillingSync.Reports;

/// <summary>What can be asked of a user's reports.</summary>
public abstract record BillingCommand;

/// <summary>Takes a period's totals over from the ledger and plans what Stripe does not know yet.</summary>
/// <param name="Source">The ledger's event: also the command's id.</param>
public sealed record TakeTotals(
    string User, Guid Source, long LedgerRevision, int Period, DateTimeOffset Start, DateTimeOffset End, bool Closed, string? StripeCustomer,
    IReadOnlyList<GroupTotal> Groups) : BillingCommand
{
    public static TakeTotals Of(PeriodEnded ended) => new(
        ended.User, ended.EventId, ended.Revision, ended.Period, ended.Start, ended.End, false, ended.StripeCustomer, ended.Groups);

    public static TakeTotals Of(PeriodClosed closed) => new(
        closed.User, closed.EventId, closed.Revision, closed.Period, closed.Start, closed.End, true, closed.StripeCustomer, closed.Groups);
}

/// <summary>Begins the next attempt to send a report.</summary>
/// <param name="Known">The last attempt that the sender made itself; 0 for none.</param>
/// <param name="End">How that ended.</param>
public sealed record BeginAttempt(string Identifier, int Known, AttemptEnd End) : BillingCommand;

/// <summary>Records how Stripe answered an attempt.</summary>
public sealed record RecordAnswer(string Identifier, int Attempt, StripeAnswer Answer) : BillingCommand;

/// <summary>An answer of Stripe that settles an attempt.</summary>
public abstract record StripeAnswer
{
    private StripeAnswer() { }

    /// <summary>It took the report.</summary>
    public sealed record Taken : StripeAnswer;

    /// <summary>It has an event of this identifier already.</summary>
    public sealed record Exists(string Message) : StripeAnswer;

    /// <summary>It refused the report.</summary>
    public sealed record Refused(string Code, string Message) : StripeAnswer;

    /// <summary>It refused the API key, whatever the report.</summary>
    public sealed record TurnedAway(string Code, string Message) : StripeAnswer;
}

/// <summary>What became of a command.</summary>
/// <param name="Revision">The stream's last event that it saw, its own included.</param>
public abstract record BillingAnswer(long Revision);

/// <summary>The totals are taken, now or before. <paramref name="Open"/>: everything of the user that is to be sent.</summary>
public sealed record Took(long Revision, IReadOnlyList<Outgoing> Open) : BillingAnswer(Revision);

/// <summary>Make the call now.</summary>
public sealed record Begun(long Revision, Outgoing Report, int Attempt, string IdempotencyKey) : BillingAnswer(Revision);

/// <summary>Stripe does not take its timestamp yet.</summary>
public sealed record NotYet(long Revision, DateTimeOffset Until) : BillingAnswer(Revision);

/// <summary>Nothing to send: it stands as <paramref name="Status"/> says.</summary>
public sealed record Stands(long Revision, ReportStatus Status) : BillingAnswer(Revision);

/// <summary>A report as it goes out.</summary>
public sealed record Outgoing(string Identifier, string EventName, string StripeCustomer, string Value, DateTimeOffset Timestamp)
{
    internal static Outgoing Of(Report report) => new(
        report.Identifier, report.Planned.EventName, report.StripeCustomer!, report.Planned.Value, report.Planned.Timestamp);
}
