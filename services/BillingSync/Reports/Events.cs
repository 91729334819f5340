namespace Metering.BillingSync.Reports;

/// <summary>A fact in <c>billing-{user}</c>. The stored names are in Stored.cs: a rename here changes no stream.</summary>
/// <param name="At">When it was decided; never goes back within a stream.</param>
public abstract record BillingEvent(DateTimeOffset At);

/// <summary>A fact about a report that was planned before.</summary>
public interface IReportEvent
{
    /// <summary>The report's.</summary>
    string Identifier { get; }
}

/// <summary>
/// A period's totals were taken over from the ledger. Kept even where they plan nothing: an older message that comes later must find them.
/// </summary>
/// <param name="Source">The ledger's event.</param>
/// <param name="LedgerRevision">Its number in the user's ledger: orders the messages, however they arrive.</param>
/// <param name="Closed">True if these totals never change again.</param>
/// <param name="SliceEnd">Of a period that runs: until when they count. None: the period has ended.</param>
public sealed record TotalsTaken(
    DateTimeOffset At, Guid Source, long LedgerRevision, int Period, DateTimeOffset Start, DateTimeOffset End, bool Closed,
    IReadOnlyList<LineTotal> Lines, string? StripeCustomer = null, DateTimeOffset? SliceEnd = null) : BillingEvent(At);

/// <summary>What one group comes to on one Stripe meter.</summary>
/// <param name="Total">Usage, overage or charge with its adjustments, as <paramref name="What"/> says; may be negative.</param>
/// <param name="Target">floor(max(0, total) ÷ scale): what Stripe's sum is to be.</param>
public sealed record LineTotal(string Group, string StripeMeter, string What, long Scale, long Total, long Target)
{
    /// <summary>Billable is max(0, total + adjustments); the ledger carries the negative rest into the next period.</summary>
    /// <exception cref="UnusableTotalsException">Nobody could mean it.</exception>
    public static LineTotal Of(string group, string stripeMeter, string what, long scale, Int128 total)
    {
        if (scale < 1) throw new UnusableTotalsException($"group {group} reports by a scale of {scale}");
        if (total > long.MaxValue || total < long.MinValue)
            throw new UnusableTotalsException($"group {group} has a total beyond 64 bits: {total}");
        return new(group, stripeMeter, what, scale, (long)total, (long)Int128.Max(0, total) / scale);
    }
}

/// <summary>
/// A report is to be sent: the whole payload, for ever. A new value is a new revision under a new identifier, never this one.
/// </summary>
/// <param name="Revision">1, 2, 3 … per period, group and Stripe meter.</param>
/// <param name="Reason">Why it was planned.</param>
/// <param name="Source">The ledger's event that it follows from.</param>
/// <param name="EventName">The Stripe meter's.</param>
/// <param name="Value">A plain decimal integer of at most 15 digits.</param>
/// <param name="Timestamp">Whole seconds, within the period.</param>
/// <param name="StripeCustomer">None: unlinked, it waits for one.</param>
public sealed record ReportPlanned(
    DateTimeOffset At, string Identifier, int Period, string Group, int Revision, PlanReason Reason, Guid Source, string EventName,
    string Value, DateTimeOffset Timestamp, string? StripeCustomer = null) : BillingEvent(At);

/// <summary>Why a report was planned.</summary>
public enum PlanReason
{
    /// <summary>Its period ended.</summary>
    PeriodEnded,

    /// <summary>Its period is closed.</summary>
    PeriodClosed,

    /// <summary>Its period runs, and the Stripe meter is reported continuously.</summary>
    Slice,

    /// <summary>The ledger was compared with what is reported.</summary>
    Resync,

    /// <summary>An earlier period's value was carried into its period, which had been reported.</summary>
    CarriedForward,
}

/// <summary>An unlinked report got its customer, once and for ever.</summary>
public sealed record ReportLinked(DateTimeOffset At, string Identifier, string StripeCustomer) : BillingEvent(At), IReportEvent;

/// <summary>A report is handed to Stripe: recorded before the call.</summary>
/// <param name="Attempt">1, 2, 3 …</param>
/// <param name="Earlier">How the attempt before it ended, as far as is known.</param>
public sealed record ReportSent(DateTimeOffset At, string Identifier, int Attempt, string IdempotencyKey, AttemptEnd Earlier)
    : BillingEvent(At), IReportEvent;

/// <summary>How an attempt ended, where it settled nothing.</summary>
public enum AttemptEnd
{
    /// <summary>There was none.</summary>
    None,

    /// <summary>Stripe took nothing: it said so (409, 429, a refused key), or was never reached.</summary>
    NotTaken,

    /// <summary>It was answered, but not whether the report was taken (5xx, a proxy's page).</summary>
    Failed,

    /// <summary>No answer: a timeout, a lost connection, a crash.</summary>
    Lost,
}

/// <summary>Stripe has it.</summary>
/// <param name="Duplicate">True if it said that it had it already, from an earlier attempt.</param>
public sealed record ReportAccepted(DateTimeOffset At, string Identifier, bool Duplicate) : BillingEvent(At), IReportEvent;

/// <summary>Stripe refused it for good and does not have it: it counts as not reported.</summary>
public sealed record ReportRejected(DateTimeOffset At, string Identifier, string Code, string Message) : BillingEvent(At), IReportEvent;

/// <summary>An attempt was turned away and settled nothing, and no other follows for now: Stripe does not accept the API key.</summary>
public sealed record ReportTurnedAway(DateTimeOffset At, string Identifier, int Attempt, string Code, string Message)
    : BillingEvent(At), IReportEvent;

/// <summary>
/// Stripe may have it or not, and its identifier can no longer tell: it counts as reported, and is not sent again, until reconciliation
/// decides.
/// </summary>
public sealed record ReportDoubted(DateTimeOffset At, string Identifier, string Code, string Message) : BillingEvent(At), IReportEvent;

/// <summary>
/// Too late: its timestamp is further back than Stripe takes and was never shifted, or its period's invoice is final. Stripe does not have
/// it.
/// </summary>
public sealed record ReportMissedWindow(DateTimeOffset At, string Identifier) : BillingEvent(At), IReportEvent;

/// <summary>Stripe does not have it, though it took it or may have: it counts as not reported.</summary>
/// <param name="Why">How that is known.</param>
public sealed record ReportMissing(DateTimeOffset At, string Identifier, string Why) : BillingEvent(At), IReportEvent;

/// <summary>Stripe's summaries contain it.</summary>
public sealed record ReportConfirmed(DateTimeOffset At, string Identifier) : BillingEvent(At), IReportEvent;

/// <summary>A value that can no longer be billed in one period was moved to another: out of the one's target, into the other's.</summary>
/// <param name="Value">In units of the Stripe meter, signed.</param>
public sealed record CarriedForward(
    DateTimeOffset At, int FromPeriod, int ToPeriod, string Group, string StripeMeter, long Value, CarryReason Reason) : BillingEvent(At);

/// <summary>Why a value can no longer be billed in its period.</summary>
public enum CarryReason
{
    /// <summary>Stripe takes no usage of then any more.</summary>
    OutOfWindow,

    /// <summary>The invoice is final.</summary>
    InvoiceFinal,

    /// <summary>The closed period comes to less than 0, and no invoice does.</summary>
    BelowZero,
}
