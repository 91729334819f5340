using System.Numerics;

namespace Metering.Ledger.Pricing;

/// <summary>Turns quantities into money: whole nano-units (10⁻⁹) of the currency, each result rounded once, half to even.</summary>
public static class Rating
{
    /// <summary>The markup that changes nothing, ×1: markups are in parts per million.</summary>
    public const long NoMarkup = 1_000_000;

    /// <summary>What a line costs, by the ledger's rule 19: round-half-even(quantity × price × markup) in 128-bit arithmetic.</summary>
    /// <param name="quantity">Whole units of the meter, 0 or more.</param>
    /// <param name="price">The price in force at the reservation.</param>
    /// <param name="markupPpm">Parts per million, 0 or more: 1_200_000 adds a fifth.</param>
    /// <returns>Nano-units of the currency, 0 or more.</returns>
    /// <exception cref="AmountOverflowException">The product exceeds 128 bits or the amount 64.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static long Amount(long quantity, Price price, long markupPpm = NoMarkup)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(quantity);
        ArgumentOutOfRangeException.ThrowIfNegative(markupPpm);
        Check(price);
        try
        {
            return RoundHalfEven(checked((UInt128)quantity * (UInt128)price.Nanos * (UInt128)markupPpm), (UInt128)price.Per * NoMarkup);
        }
        catch (OverflowException)
        {
            throw new AmountOverflowException($"{quantity} at {price.Nanos} nanos per {price.Per} × {markupPpm} ppm is too large");
        }
    }

    /// <summary>What the net overage of a window is charged, by the ledger's rule 19. Nothing for 0, flat parts included.</summary>
    /// <param name="netOverageQuantity">Committed less refunded overage of the window, 0 or more.</param>
    /// <param name="mode">Graduated sums each tier's part exactly and rounds the sum once.</param>
    /// <param name="tiers">Tiers without a <see cref="Tiers.Problem"/>.</param>
    /// <returns>Nano-units of the currency, 0 or more.</returns>
    /// <exception cref="AmountOverflowException">The charge exceeds 64 bits.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The quantity is negative or the mode undefined.</exception>
    /// <exception cref="ArgumentException">The tiers have a problem, which the message names.</exception>
    public static long Charge(long netOverageQuantity, TierMode mode, IReadOnlyList<Tier> tiers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(netOverageQuantity);
        if (Tiers.Problem(tiers) is { } problem) throw new ArgumentException(problem, nameof(tiers));
        if (netOverageQuantity == 0) return 0;
        var exact = mode switch
        {
            TierMode.Graduated => Graduated(netOverageQuantity, tiers),
            TierMode.Volume => default(Fraction).Plus(netOverageQuantity, tiers.First(tier => netOverageQuantity <= tier.UpTo)),
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "A price by tiers is graduated or by volume."),
        };
        return exact.RoundedHalfEven();
    }

    private static Fraction Graduated(long quantity, IReadOnlyList<Tier> tiers)
    {
        var (sum, below) = (default(Fraction), 0L);
        foreach (var tier in tiers.TakeWhile(tier => below < quantity))
        {
            sum = sum.Plus(Math.Min(quantity, tier.UpTo) - below, tier);
            below = tier.UpTo;
        }
        return sum;
    }

    private static void Check(Price price)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(price.Nanos, nameof(price));
        ArgumentOutOfRangeException.ThrowIfLessThan(price.Per, 1, nameof(price));
    }

    private static long RoundHalfEven(UInt128 numerator, UInt128 denominator)
    {
        var (quotient, rest) = UInt128.DivRem(numerator, denominator);
        var twice = rest * 2;
        return checked((long)(twice > denominator || (twice == denominator && UInt128.IsOddInteger(quotient)) ? quotient + 1 : quotient));
    }

    // A sum of prices has no common number of units, and the product of their numbers no bound: an exact fraction, `default` is 0.
    private readonly record struct Fraction(BigInteger Above, BigInteger BelowLessOne)
    {
        private BigInteger Below => BelowLessOne + 1;

        public Fraction Plus(long quantity, Tier tier)
        {
            var nanos = (BigInteger)tier.FlatNanos * tier.Price.Per + (BigInteger)quantity * tier.Price.Nanos;
            return tier.Price.Per == Below
                ? this with { Above = Above + nanos }
                : new Fraction(Above * tier.Price.Per + nanos * Below, Below * tier.Price.Per - 1);
        }

        public long RoundedHalfEven()
        {
            var (quotient, rest) = BigInteger.DivRem(Above, Below);
            var half = (rest * 2).CompareTo(Below);
            if (half > 0 || (half == 0 && !quotient.IsEven)) quotient++;
            if (quotient > long.MaxValue) throw new AmountOverflowException("the charge for the overage is too large");
            return (long)quotient;
        }
    }
}
