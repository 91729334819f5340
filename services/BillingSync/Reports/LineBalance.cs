namespace Metering.BillingSync.Reports;

/// <summary>How a line stands, in units of its Stripe meter.</summary>
/// <param name="Value">What the ledger's totals come to: floor(max(0, total) ÷ scale).</param>
/// <param name="CarriedIn">What earlier periods could no longer bill.</param>
/// <param name="CarriedOut">What this one could no longer bill.</param>
/// <param name="Reported">Everything planned and not proven refused, missing or too late.</param>
public readonly record struct LineBalance(LineKey Line, long Value, long CarriedIn, long CarriedOut, long Reported)
{
    /// <summary>With what was carried; below 0 it cannot be billed.</summary>
    public long Net => checked(Value + CarriedIn - CarriedOut);

    /// <summary>What Stripe's sum is to be.</summary>
    public long Target => Math.Max(0, Net);

    /// <summary>What is still to be planned, if it can be billed, or carried, if it cannot.</summary>
    public long Rest => checked(Target - Reported);
}
