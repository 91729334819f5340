using System.Globalization;
using System.Numerics;

namespace Metering.StripeSimulator;

/// <summary>A decimal number of any length. Sums are compared to the last digit, so that nothing here may round.</summary>
public readonly record struct Exact(BigInteger Units, int Scale) : IComparable<Exact>
{
    public static readonly Exact Zero = new(BigInteger.Zero, 0);

    public static Exact operator +(Exact a, Exact b)
    {
        var scale = Math.Max(a.Scale, b.Scale);
        return new Exact(a.At(scale) + b.At(scale), scale);
    }

    public static Exact operator -(Exact a, Exact b) => a + new Exact(-b.Units, b.Scale);

    public static Exact operator *(Exact a, Exact b) => new(a.Units * b.Units, a.Scale + b.Scale);

    public int CompareTo(Exact other) => (this - other).Units.Sign;

    /// <summary>Plain decimals only: no exponent, no grouping, no blanks.</summary>
    public static bool TryParse(string text, out Exact value)
    {
        value = Zero;
        var digits = text.StartsWith('-') ? text.AsSpan(1) : text.AsSpan();
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var part = point < 0 ? [] : digits[(point + 1)..];
        if (!AreDigits(whole) || (point >= 0 && !AreDigits(part))) return false;
        var units = BigInteger.Parse(string.Concat(whole, part), CultureInfo.InvariantCulture);
        value = new Exact(text[0] == '-' ? -units : units, part.Length);
        return true;
    }

    public static Exact Parse(string text) =>
        TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is not a plain decimal number.");

    /// <summary>Written the shortest way: 1.50 is 1.5, -0 is 0.</summary>
    public override string ToString()
    {
        var digits = BigInteger.Abs(Units).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        var part = digits[^Scale..].TrimEnd('0');
        var sign = Units.Sign < 0 ? "-" : "";
        return sign + digits[..^Scale] + (part.Length == 0 ? "" : "." + part);
    }

    internal bool IsWhole => Units % BigInteger.Pow(10, Scale) == 0;

    internal bool Fits => CompareTo(new Exact(long.MaxValue, 0)) <= 0 && CompareTo(new Exact(long.MinValue, 0)) >= 0;

    /// <summary>To a whole number, half away from zero; what is beyond 64 bits is their end.</summary>
    internal long Rounded()
    {
        var unit = BigInteger.Pow(10, Scale);
        var whole = BigInteger.DivRem(BigInteger.Abs(Units), unit, out var rest);
        if (rest * 2 >= unit) whole++;
        return (long)BigInteger.Min(BigInteger.Max(whole * Units.Sign, long.MinValue), long.MaxValue);
    }

    /// <summary>Digits as written, leading zeros apart: trailing ones count, which is the stricter reading of the limit.</summary>
    internal static int SignificantDigits(string text) => text.Replace(".", "", StringComparison.Ordinal).TrimStart('-', '0').Length;

    private static bool AreDigits(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');

    private BigInteger At(int scale) => scale == Scale ? Units : Units * BigInteger.Pow(10, scale - Scale);
}
