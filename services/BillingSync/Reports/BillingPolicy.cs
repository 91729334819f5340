namespace Metering.BillingSync.Reports;

/// <summary>What decisions on reports need to know of the settings.</summary>
/// <param name="Grace">How long after a period's end its invoice can still take usage.</param>
/// <param name="Continuous">The Stripe meters that are reported while a period runs.</param>
/// <param name="NamesUsers">A user without a Stripe customer is reported under the user's own name: nothing waits unlinked.</param>
public sealed record BillingPolicy(TimeSpan Grace, IReadOnlySet<string> Continuous, bool NamesUsers = false)
{
    /// <summary>Invoices take usage for 72 h, the longest that Stripe lets them; nothing is reported before its period ends.</summary>
    public static readonly BillingPolicy Default = new(TimeSpan.FromHours(72), new HashSet<string>());

    /// <summary>Why usage of that time in a period that ends at <paramref name="end"/> can no longer be billed; none: it can.</summary>
    public CarryReason? TooLate(DateTimeOffset timestamp, DateTimeOffset end, DateTimeOffset at) =>
        UsageWindow.IsPast(timestamp, at) ? CarryReason.OutOfWindow
        : at - end >= Grace ? CarryReason.InvoiceFinal
        : null;
}
