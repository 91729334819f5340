using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Tests.Pricing;

public sealed record Line(long Quantity, Price Price, long MarkupPpm);

public sealed record Overage(long Quantity, TierMode Mode, Tier[] Tiers);

public static class Prices
{
    // Every magnitude up to 2^62, so that sums and products come out small, half-way, large and too large.
    private static Gen<long> Whole(long min, int bitsMax = 62) =>
        from bits in Gen.Choose(0, bitsMax)
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select Math.Max(min, (((long)high << 31) | (uint)low) & ((1L << bits) - 1));

    private static Gen<Price> AnyPrice() =>
        from nanos in Whole(0)
        from per in Gen.OneOf(Whole(1), Gen.Elements(1L, 2L, 3L, 7L, 1_000L, 1_000_000L))
        select new Price(nanos, per);

    public static Arbitrary<Line> Lines() => (
        from quantity in Whole(0)
        from price in AnyPrice()
        from markup in Gen.OneOf(Whole(0), Gen.Elements(Rating.NoMarkup, 500_000L, 1_200_000L))
        select new Line(quantity, price, markup)).ToArbitrary();

    public static Arbitrary<Overage> Overages() => (
        from quantity in Whole(0, 20)
        from mode in Gen.Elements(TierMode.Graduated, TierMode.Volume)
        from ends in Whole(1, 18).ListOf(4)
        from prices in AnyPrice().ListOf(5)
        from flats in Whole(0, 40).ListOf(5)
        select new Overage(quantity, mode, Ascending(ends, prices, flats))).ToArbitrary();

    private static Tier[] Ascending(IEnumerable<long> ends, IList<Price> prices, IList<long> flats) =>
        ends.Distinct().Order().Append(long.MaxValue).Select((end, i) => new Tier(end, prices[i], flats[i])).ToArray();
}

/// <summary>Rating against an oracle of unbounded whole numbers that rounds by another way: floor(2x + 1) halved, ties to even.</summary>
[FsCheck.NUnit.Properties(Arbitrary = [typeof(Prices)], MaxTest = 2000, QuietOnSuccess = true)]
public class RatingProperties
{
    private static readonly BigInteger Bits128 = BigInteger.Pow(2, 128);

    [FsCheck.NUnit.Property]
    public bool An_amount_is_exact_or_an_overflow(Line line)
    {
        var product = (BigInteger)line.Quantity * line.Price.Nanos * line.MarkupPpm;
        var expected = Rounded(product, (BigInteger)line.Price.Per * 1_000_000);
        var fits = product < Bits128 && expected <= long.MaxValue;
        return Try(() => Rating.Amount(line.Quantity, line.Price, line.MarkupPpm)) == (fits ? (long)expected : null);
    }

    [FsCheck.NUnit.Property]
    public bool A_charge_is_exact_or_an_overflow(Overage overage)
    {
        var parts = Parts(overage).ToArray();
        var below = parts.Aggregate(BigInteger.One, (product, part) => product * part.Tier.Price.Per);
        var above = parts.Aggregate(BigInteger.Zero, (sum, part) =>
            sum + part.Tier.FlatNanos * below + part.Quantity * part.Tier.Price.Nanos * (below / part.Tier.Price.Per));
        var expected = Rounded(above, below);
        var charge = Try(() => Rating.Charge(overage.Quantity, overage.Mode, overage.Tiers));
        return charge == (expected <= long.MaxValue ? (long)expected : null);
    }

    [FsCheck.NUnit.Property]
    public bool One_tier_is_the_same_either_way_and_the_same_as_a_line(Line line)
    {
        Tier[] flat = [new(long.MaxValue, line.Price, 0)];
        var graduated = Try(() => Rating.Charge(line.Quantity, TierMode.Graduated, flat));
        var amount = Try(() => Rating.Amount(line.Quantity, line.Price));
        return graduated == Try(() => Rating.Charge(line.Quantity, TierMode.Volume, flat)) && (amount is null || amount == graduated);
    }

    [FsCheck.NUnit.Property]
    public bool More_graduated_overage_never_costs_less(Overage overage, ushort more)
    {
        var less = Try(() => Rating.Charge(overage.Quantity, TierMode.Graduated, overage.Tiers));
        var full = Try(() => Rating.Charge(overage.Quantity + more, TierMode.Graduated, overage.Tiers));
        return full is null || less <= full;
    }

    // The part of the quantity in each tier, seen unit range by unit range rather than running.
    private static IEnumerable<(BigInteger Quantity, Tier Tier)> Parts(Overage overage)
    {
        var starts = overage.Tiers.Select(tier => tier.UpTo).Prepend(0);
        foreach (var (tier, start) in overage.Tiers.Zip(starts))
            if (overage.Quantity > start && overage.Mode == TierMode.Graduated)
                yield return (Math.Min(overage.Quantity, tier.UpTo) - start, tier);
            else if (overage.Quantity > start && overage.Quantity <= tier.UpTo)
                yield return (overage.Quantity, tier);
    }

    private static BigInteger Rounded(BigInteger above, BigInteger below)
    {
        var doubled = (2 * above + below) / (2 * below);
        var tie = (2 * above + below) % (2 * below) == 0;
        return tie && !doubled.IsEven ? doubled - 1 : doubled;
    }

    private static long? Try(Func<long> rate)
    {
        try { return rate(); }
        catch (AmountOverflowException) { return null; }
    }
}
