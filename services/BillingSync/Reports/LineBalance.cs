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

    /// <summary>What Stripe bills by it: a sum below 0 is billed as 0.</summary>
    public long Billed => Math.Max(0, Reported);

    /// <summary>What is still to be planned, for as long as the period can be billed.</summary>
    public long Rest => checked(Target - Reported);

    /// <summary>
    /// False if nothing is to be planned or carried of it, whether its period can still be billed or not: only then it need not be looked
    /// at.
    /// </summary>
    public bool MayWait => Reported < 0 || (Int128)Value + CarriedIn - CarriedOut != Reported;
}
