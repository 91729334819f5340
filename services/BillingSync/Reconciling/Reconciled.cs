namespace Metering.BillingSync.Reconciling;

/// <summary>A window and what became of it.</summary>
/// <param name="Stripe">Stripe's sum; none: it was not asked for, as there is nothing that it decides.</param>
/// <param name="Differences">Ledger less Stripe, in parts that sum to it exactly.</param>
/// <param name="Findings">What Stripe's sum says of the reports; none: it was not asked for, or they are not all settled.</param>
/// <param name="Failure">Why Stripe's sum could not be read; none: it could.</param>
public sealed record Reconciled(
    BilledWindow Window, decimal? Stripe, IReadOnlyList<Difference> Differences, Findings? Findings = null, string? Failure = null)
{
    /// <summary>Reports confirmed by it.</summary>
    public int Confirmed { get; init; }

    /// <summary>Reports that were marked missing by it: a resync plans them anew.</summary>
    public int Missing { get; init; }

    /// <summary>True if a second look, later, is to agree before anything is decided.</summary>
    public bool IsDoubtful => Findings is { AreDoubtful: true };

    /// <summary>True if both looks came to the same.</summary>
    public bool Agrees(Reconciled earlier) => Stripe == earlier.Stripe && Window.IsAs(earlier.Window);
}

/// <summary>What to reconcile.</summary>
/// <param name="User">Windows of this user only.</param>
/// <param name="Period">Windows of this billing period only.</param>
/// <param name="Record">What is found is recorded; a difference only after a second look that agrees.</param>
/// <param name="Recheck">Also what was found to be right before.</param>
/// <param name="Report">The window of this report only, by its identifier.</param>
public sealed record ReconcileOrder(
    string? User = null, int? Period = null, bool Record = false, bool Recheck = false, string? Report = null);

/// <summary>How far it came.</summary>
/// <param name="Skipped">Windows that Stripe was not asked about: the budget of reads was spent.</param>
public readonly record struct ReconcileTally(long Windows, long Skipped);
