namespace Metering.BillingSync.Reports;

/// <summary>What can be asked of a user's reports.</summary>
public abstract record BillingCommand;

/// <summary>Takes a period's totals over from the ledger and plans what Stripe does not know yet.</summary>
/// <param name="Source">The ledger's event: also the command's id.</param>
/// <param name="Lines">What every group that reports something comes to.</param>
public sealed record TakeTotals(
    string User, Guid Source, long LedgerRevision, int Period, DateTimeOffset Start, DateTimeOffset End, bool Closed, string? StripeCustomer,
    IReadOnlyList<LineTotal> Lines) : BillingCommand
{
    /// <summary>Of a period that runs: until when the totals count. Only what is reported continuously is planned of it.</summary>
    public DateTimeOffset? SliceEnd { get; init; }

    /// <summary>Compares anew, though the same totals were taken before: what was refused or went missing since is planned again.</summary>
    public bool IsResync { get; init; }

    /// <summary>Leaves the reports of every other period as they are; its own get their customer by <see cref="LinkReports"/>.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Why what comes of it is planned.</summary>
    public PlanReason Reason =>
        IsResync ? PlanReason.Resync : SliceEnd is not null ? PlanReason.Slice : Closed ? PlanReason.PeriodClosed : PlanReason.PeriodEnded;
}

/// <summary>Gives the reports of one period that wait for a customer theirs: whom the ledger names by now.</summary>
public sealed record LinkReports(int Period, string StripeCustomer) : BillingCommand;

/// <summary>Moves what can no longer be billed to a period that can.</summary>
/// <param name="To">The user's open period.</param>
/// <param name="From">Out of this period only; none: out of every one.</param>
public sealed record CarryForward(string User, OpenPeriod To, int? From = null) : BillingCommand;

/// <summary>A period that an invoice is still to come for.</summary>
public sealed record OpenPeriod(int Number, DateTimeOffset Start, DateTimeOffset End);

/// <summary>Says that Stripe does not have a report that it took or may have taken.</summary>
/// <param name="Force">Even if Stripe's summaries were found to contain it.</param>
public sealed record MarkMissing(string Identifier, string Why, bool Force = false) : BillingCommand;

/// <summary>Says that Stripe dropped a report after it had taken it, and why.</summary>
public sealed record RejectTaken(string Identifier, string Code, string Message) : BillingCommand;

/// <summary>Says what Stripe's summaries were found to contain. A report that has moved on meanwhile stays as it is.</summary>
/// <param name="Present">The identifiers of reports that are there.</param>
/// <param name="Missing">Those of reports that are not.</param>
/// <param name="Why">How that is known.</param>
public sealed record RecordFindings(IReadOnlyList<string> Present, IReadOnlyList<string> Missing, string Why) : BillingCommand;

/// <summary>Asks how a user's lines stand.</summary>
public sealed record Survey : BillingCommand;

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

/// <summary>The totals are taken, now or before; or what had to be carried is.</summary>
/// <param name="Open">Everything of the user that is to be sent.</param>
/// <param name="Events">What came of the command.</param>
public sealed record Took(long Revision, IReadOnlyList<Outgoing> Open, IReadOnlyList<BillingEvent> Events) : BillingAnswer(Revision);

/// <summary>How a user's lines stand, in order.</summary>
public sealed record Surveyed(long Revision, IReadOnlyList<LineStanding> Lines) : BillingAnswer(Revision);

/// <summary>A line, and what is still to be done about it.</summary>
/// <param name="Waits">Why something has to move to another period, and has not; none: nothing has to.</param>
/// <param name="IsFinal">Its period can be billed no more: what Stripe has of it stays.</param>
public readonly record struct LineStanding(LineBalance Balance, CarryReason? Waits, bool IsFinal)
{
    /// <summary>Nothing is to be planned, and nothing to be carried.</summary>
    public bool IsSettled => Waits is null && (IsFinal || Balance.Rest == 0);
}

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
