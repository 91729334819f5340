using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Metering.Ledger.Pricing;

/// <summary>Money written as decimals, the way price lists do ("0.15", "1.5e-07"), read and written exactly.</summary>
public static partial class Decimals
{
    // Past these a number other than 0 is not representable anyway; it keeps the powers of ten small.
    private const int DigitsMax = 64;
    private const int NanoDigits = 9;

    /// <summary>Reads a price of so much of the currency per so many units.</summary>
    /// <param name="text">Digits with an optional fraction and power of ten, not negative.</param>
    /// <param name="per">The units that the price is for, 1 or more.</param>
    /// <returns>The price per <paramref name="per"/> units; per ten, a hundred … times as many where it has parts of a nano-unit.</returns>
    /// <exception cref="FormatException">It is not such a number, or too large or fine for 64 bits; the message says which.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="per"/> is below 1.</exception>
    public static Price ParsePrice(string text, long per = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(per, 1);
        var (nanos, power) = Read(text);
        if (nanos < 0) throw new FormatException($"\"{text}\" is negative: a price is 0 or more");
        var units = per * BigInteger.Pow(10, Math.Max(0, -power));
        if (units > long.MaxValue) throw new FormatException($"\"{text}\" per {per} is too fine a price for 64 bits");
        return new Price(Whole(text, nanos, power), (long)units);
    }

    /// <summary>Reads an amount of the currency, negative ones too, as nano-units.</summary>
    /// <exception cref="FormatException">It is not a decimal number, has parts of a nano-unit, or does not fit 64 bits.</exception>
    public static long ParseNanos(string text)
    {
        var (nanos, power) = Read(text);
        return power < 0 ? throw new FormatException($"\"{text}\" has parts of a nano-unit (10⁻⁹)") : Whole(text, nanos, power);
    }

    /// <summary>Writes nano-units as a decimal of the currency, exactly: "3.42", "-0.50", "0.00000015".</summary>
    /// <param name="nanos">Nano-units of the currency, of either sign.</param>
    /// <param name="digitsMin">How many digits follow the point at least, 0–9; 0 leaves out the point of a whole number.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="digitsMin"/> is outside its range.</exception>
    public static string FormatNanos(long nanos, int digitsMin = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(digitsMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digitsMin, NanoDigits);
        var (units, rest) = UInt128.DivRem((UInt128)Int128.Abs(nanos), 1_000_000_000);
        var fraction = rest.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0').PadRight(digitsMin, '0');
        return string.Create(CultureInfo.InvariantCulture, $"{(nanos < 0 ? "-" : "")}{units}{(fraction == "" ? "" : ".")}{fraction}");
    }

    // The number as nano-units × 10^power, without trailing zeros.
    private static (BigInteger Nanos, int Power) Read(string text)
    {
        if (text.Length > DigitsMax || Number().Match(text) is not { Success: true } match)
            throw new FormatException($"\"{(text.Length > DigitsMax ? text[..DigitsMax] + "…" : text)}\" is not a decimal number");
        var (fraction, exponent) = (match.Groups["fraction"].Value, match.Groups["exponent"].Value);
        var digits = match.Groups["whole"].Value + fraction;
        var trimmed = digits.TrimEnd('0');
        if (trimmed.Length == 0) return (0, 0);
        var power = exponent == "" ? 0 : int.Parse(exponent, CultureInfo.InvariantCulture);
        var shift = digits.Length - trimmed.Length - fraction.Length + NanoDigits;
        return (BigInteger.Parse(match.Groups["sign"].Value + trimmed, CultureInfo.InvariantCulture), power + shift);
    }

    private static long Whole(string text, BigInteger nanos, int power)
    {
        var whole = nanos * BigInteger.Pow(10, Math.Max(0, power));
        return whole >= long.MinValue && whole <= long.MaxValue
            ? (long)whole
            : throw new FormatException($"\"{text}\" is too large for 64 bits of nano-units (10⁻⁹)");
    }

    [GeneratedRegex(@"\A(?<sign>-?)(?<whole>[0-9]+)(\.(?<fraction>[0-9]+))?([eE](?<exponent>[+-]?[0-9]{1,3}))?\z")]
    private static partial Regex Number();
}
