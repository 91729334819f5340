using System.Globalization;
using System.Numerics;

namespace Metering.Ledger.Tests.Pricing;

/// <summary>A price as an exact fraction of a currency, read from its digits without any code of the ledger.</summary>
internal readonly record struct ExactPrice(BigInteger Above, BigInteger Below)
{
    /// <summary>Reads "1.5e-07" as 15 / 10⁸.</summary>
    public static ExactPrice Of(string text)
    {
        var parts = text.Trim('"').ToLowerInvariant().Split('e');
        var point = parts[0].IndexOf('.');
        var digits = BigInteger.Parse(parts[0].Replace(".", ""), CultureInfo.InvariantCulture);
        var decimals = point < 0 ? 0 : parts[0].Length - point - 1;
        var power = (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - decimals;
        return power < 0 ? new(digits, BigInteger.Pow(10, -power)) : new(digits * BigInteger.Pow(10, power), 1);
    }

    /// <summary>What a line of so many units costs, in nano-units, rounded half to even once.</summary>
    public BigInteger Nanos(BigInteger quantity, long markupPpm = 1_000_000)
    {
        var below = Below * 1_000_000;
        var quotient = BigInteger.DivRem(quantity * Above * markupPpm * 1_000_000_000, below, out var rest);
        var half = (rest + rest).CompareTo(below);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
