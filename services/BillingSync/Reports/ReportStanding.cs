namespace Metering.BillingSync.Reports;

/// <summary>How far a report has come.</summary>
public enum ReportStatus { Unlinked, Planned, Sent, Accepted, Rejected, Doubted, OutOfWindow, Missing, Confirmed }

/// <summary>What became of a report: one fold for what is decided on and for what is listed.</summary>
/// <param name="StripeCustomer">None while unlinked.</param>
/// <param name="UpdatedAt">When its status last changed.</param>
/// <param name="Code">Stripe's, where it answered with one; of the last answer that settled something.</param>
/// <param name="Message">Stripe's, or why it is missing.</param>
public sealed record ReportStanding(
    ReportStatus Status, string? StripeCustomer, DateTimeOffset UpdatedAt, int Attempts = 0, string? Code = null, string? Message = null)
{
    /// <summary>It counts as reported: everything planned and not proven refused, missing or too late, in flight included.</summary>
    public bool Counts => Status is not (ReportStatus.Rejected or ReportStatus.Missing or ReportStatus.OutOfWindow);

    /// <summary>It is to be sent, or sent again.</summary>
    public bool IsOpen => Status is ReportStatus.Planned or ReportStatus.Sent;

    public static ReportStanding Of(ReportPlanned planned) =>
        new(planned.StripeCustomer is null ? ReportStatus.Unlinked : ReportStatus.Planned, planned.StripeCustomer, planned.At);

    /// <summary>After a fact about the report. What cannot be is a defect and throws.</summary>
    public ReportStanding After(BillingEvent happened) => happened switch
    {
        ReportLinked when Status != ReportStatus.Unlinked => throw new InvalidOperationException("a report is linked a second time"),
        ReportLinked e => this with { Status = ReportStatus.Planned, StripeCustomer = e.StripeCustomer, UpdatedAt = e.At },
        ReportSent e => this with { Status = ReportStatus.Sent, Attempts = e.Attempt, UpdatedAt = e.At },
        ReportAccepted => Settled(ReportStatus.Accepted, happened),
        ReportRejected e => Settled(ReportStatus.Rejected, e, e.Code, e.Message),
        ReportTurnedAway e => Settled(ReportStatus.Planned, e, e.Code, e.Message),
        ReportDoubted e => Settled(ReportStatus.Doubted, e, e.Code, e.Message),
        ReportMissing e => Settled(ReportStatus.Missing, e, message: e.Why),
        ReportConfirmed => Settled(ReportStatus.Confirmed, happened),
        ReportMissedWindow => Settled(ReportStatus.OutOfWindow, happened),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} is not about a report"),
    };

    private ReportStanding Settled(ReportStatus status, BillingEvent happened, string? code = null, string? message = null) =>
        this with { Status = status, UpdatedAt = happened.At, Code = code, Message = message };
}
