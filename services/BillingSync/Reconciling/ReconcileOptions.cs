namespace Metering.BillingSync.Reconciling;

/// <summary>The section <c>Billing:Reconcile</c> of the configuration.</summary>
public sealed class ReconcileOptions
{
    /// <summary>How many reads of Stripe's API are spent in any 30 days; 1 or more. Stripe allots every account 10,000 a month.</summary>
    public int ReadsPerMonth { get; set; } = 10_000;

    /// <summary>Reads started per second; 1 or more.</summary>
    public int ReadsPerSecond { get; set; } = 5;

    /// <summary>How long after a report was settled summaries are trusted to show it; 0 or more. Stripe names no bound.</summary>
    public TimeSpan Settle { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long after the first look at a difference the second one is; 0 or more.</summary>
    public TimeSpan Between { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often all is reconciled, findings recorded; a minute or more. Absent: only when asked.</summary>
    public TimeSpan? Every { get; set; }

    internal IEnumerable<string> Wrong()
    {
        if (ReadsPerMonth < 1) yield return $"Billing:Reconcile:ReadsPerMonth is {ReadsPerMonth}; expected 1 or more";
        if (ReadsPerSecond < 1) yield return $"Billing:Reconcile:ReadsPerSecond is {ReadsPerSecond}; expected 1 or more";
        if (Settle < TimeSpan.Zero) yield return $"Billing:Reconcile:Settle is {Settle}; expected 0 or more";
        if (Between < TimeSpan.Zero) yield return $"Billing:Reconcile:Between is {Between}; expected 0 or more";
        if (Every < TimeSpan.FromMinutes(1)) yield return $"Billing:Reconcile:Every is {Every}; expected a minute or more, or nothing";
    }
}
