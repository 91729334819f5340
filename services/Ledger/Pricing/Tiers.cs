namespace Metering.Ledger.Pricing;

/// <summary>How a price by tiers reads: each tier prices its own part, or the tier reached prices the whole quantity.</summary>
public enum TierMode { Graduated, Volume }

/// <summary>One tier of an overage price.</summary>
/// <param name="UpTo">The last cumulative quantity it covers, in the group's unit; <see cref="long.MaxValue"/> for the last tier.</param>
/// <param name="Price">The price of a quantity in it.</param>
/// <param name="FlatNanos">Nano-units of the currency charged once when the quantity reaches into it, 0 or more.</param>
public sealed record Tier(long UpTo, Price Price, long FlatNanos);

/// <summary>The rules for a list of tiers: it ascends and its last tier has no end. A flat price is one such tier.</summary>
public static class Tiers
{
    /// <summary>What is wrong with the tiers, naming the field as a plan writes it; null when nothing is.</summary>
    public static string? Problem(IReadOnlyList<Tier> tiers)
    {
        if (tiers.Count == 0) return "tiers must have at least one tier";
        for (var i = 0; i < tiers.Count; i++)
            if (Problem(tiers, i) is { } problem) return $"tiers[{i}].{problem}";
        return tiers[^1].UpTo == long.MaxValue ? null : $"tiers[{tiers.Count - 1}].up_to must be open-ended in the last tier";
    }

    private static string? Problem(IReadOnlyList<Tier> tiers, int i) => tiers[i] switch
    {
        { UpTo: < 1 } => "up_to must be 1 or more",
        { UpTo: var upTo } when i > 0 && upTo <= tiers[i - 1].UpTo => "up_to must be above that of the tier before",
        { Price.Nanos: < 0 } => "price.nanos must be 0 or more",
        { Price.Per: < 1 } => "price.per must be 1 or more",
        { FlatNanos: < 0 } => "flat_nanos must be 0 or more",
        _ => null,
    };
}
