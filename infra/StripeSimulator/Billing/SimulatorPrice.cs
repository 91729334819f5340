using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>
/// A graduated tier: what each unit up to <paramref name="UpTo"/> costs, in the currency's smallest unit; null: all the rest.
/// </summary>
public sealed record Tier(long? UpTo, Exact UnitAmount, Exact FlatAmount);

/// <summary>What a unit costs, in the currency's smallest unit; by a meter, or by a quantity in advance.</summary>
public sealed record SimulatorPrice(string Id, string Currency, Exact UnitAmount)
{
    public string Product { get; init; } = "prod_sim";
    public string? Interval { get; init; }
    public int IntervalCount { get; init; } = 1;
    public string? Meter { get; init; }
    public string? LookupKey { get; init; }
    public string? Nickname { get; init; }
    public IReadOnlyList<Tier> Tiers { get; init; } = [];
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
    internal long Created { get; init; }

    public bool IsMetered => Meter is not null;

    /// <summary>In whole smallest units, rounded once, half away from zero; what is below zero is billed as none.</summary>
    public long AmountOf(Exact quantity)
    {
        if (quantity.CompareTo(Exact.Zero) <= 0) return 0;
        return (Tiers.Count == 0 ? quantity * UnitAmount : Graduated(quantity)).Rounded();
    }

    internal DateTimeOffset Later(DateTimeOffset anchor, int times) => (Interval, times * IntervalCount) switch
    {
        ("day", var n) => anchor.AddDays(n),
        ("week", var n) => anchor.AddDays(7 * n),
        ("year", var n) => anchor.AddYears(n),
        (_, var n) => anchor.AddMonths(n),
    };

    internal JsonObject ToJson(bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "price",
        ["active"] = true,
        ["billing_scheme"] = Tiers.Count == 0 ? "per_unit" : "tiered",
        ["created"] = Created,
        ["currency"] = Currency,
        ["livemode"] = livemode,
        ["lookup_key"] = LookupKey,
        ["metadata"] = Wire.Map(Metadata),
        ["nickname"] = Nickname,
        ["product"] = Product,
        ["recurring"] = Recurring(),
        ["tiers_mode"] = Tiers.Count == 0 ? null : "graduated",
        ["type"] = Interval is null ? "one_time" : "recurring",
        ["unit_amount"] = Tiers.Count == 0 && UnitAmount.IsWhole ? UnitAmount.Rounded() : null,
        ["unit_amount_decimal"] = Tiers.Count == 0 ? UnitAmount.ToString() : null,
    };

    private JsonObject? Recurring() => Interval is null ? null : new()
    {
        ["interval"] = Interval,
        ["interval_count"] = IntervalCount,
        ["meter"] = Meter,
        ["usage_type"] = IsMetered ? "metered" : "licensed",
    };

    private Exact Graduated(Exact quantity)
    {
        var (sum, from) = (Exact.Zero, Exact.Zero);
        foreach (var tier in Tiers)
        {
            var to = tier.UpTo is { } end && quantity.CompareTo(new Exact(end, 0)) > 0 ? new Exact(end, 0) : quantity;
            if (to.CompareTo(from) <= 0) break;
            sum += ((to - from) * tier.UnitAmount) + tier.FlatAmount;
            from = to;
        }

        return sum;
    }
}
