namespace Metering.BillingSync.Reconciling;

/// <summary>Why the ledger's total is not Stripe's sum.</summary>
public enum Cause
{
    /// <summary>Planned or being sent.</summary>
    InFlight,

    /// <summary>Settled so lately that summaries need not show it.</summary>
    NotYetVisible,

    /// <summary>Stripe refused it.</summary>
    Rejected,

    /// <summary>Stripe took it and does not have it.</summary>
    Lost,

    /// <summary>Stripe has what nobody reported here: somebody else did, or it is in doubt whether a correction arrived.</summary>
    SentElsewhere,

    /// <summary>Found after the invoice was final.</summary>
    Late,

    /// <summary>Moved to another period or out of one, or below 0 and so to be moved.</summary>
    CarriedForward,

    /// <summary>There is no Stripe customer to bill.</summary>
    Unlinked,

    /// <summary>Further back than Stripe takes.</summary>
    OutOfWindow,

    /// <summary>Stripe may have it or not, and does not seem to.</summary>
    Doubted,

    /// <summary>Nothing was planned for it: a resync does.</summary>
    NotReported,

    /// <summary>It counts in the window beside this one, by the minutes.</summary>
    OtherWindow,

    /// <summary>It counts as refused or missing, and is there: somebody has to decide before more is sent.</summary>
    Returned,

    /// <summary>Stripe has less, by a value that no set of reports comes to.</summary>
    Unexplained,

    /// <summary>It was carried to a period that runs, and is planned with the rest of it once that ends.</summary>
    WaitsForPeriodEnd,
}

/// <summary>A part of a difference.</summary>
/// <param name="Value">What the ledger has more than Stripe by it; negative: less.</param>
/// <param name="Identifiers">The reports concerned, if it is about some.</param>
public sealed record Difference(Cause Cause, decimal Value, IReadOnlyList<string> Identifiers)
{
    /// <summary>False where nothing is to be done about it but to wait, if that.</summary>
    public bool IsToDo =>
        !IsMoved && Cause is not (Cause.InFlight or Cause.NotYetVisible or Cause.WaitsForPeriodEnd);

    /// <summary>Another window has the other side of it.</summary>
    public bool IsMoved => Cause is Cause.CarriedForward or Cause.OtherWindow;

    public static Difference Of(Cause cause, IReadOnlyCollection<ReportRow> reports) =>
        new(cause, reports.Sum(report => report.Value), [.. reports.Select(report => report.Identifier)]);
}
