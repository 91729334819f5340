using System.Globalization;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Tests.Pricing;

public class DecimalsTests
{
    [TestCase("0.15", 1_000_000, 150_000_000, 1_000_000)]
    [TestCase("1.5e-07", 1, 150, 1, Description = "the same price as JSON price maps write it")]
    [TestCase("1.5E-07", 1, 150, 1)]
    [TestCase("0.99", 1, 990_000_000, 1)]
    [TestCase("7.5e-11", 1, 75, 1_000, Description = "parts of a nano-unit go to the units")]
    [TestCase("2.50", 1, 2_500_000_000, 1)]
    [TestCase("1e3", 1, 1_000_000_000_000, 1)]
    [TestCase("1.25e+01", 10, 12_500_000_000, 10)]
    [TestCase("0", 7, 0, 7)]
    [TestCase("0.000e-99", 7, 0, 7)]
    [TestCase("0e999", 7, 0, 7)]
    [TestCase("9223372036.854775807", 1, long.MaxValue, 1)]
    [TestCase("1e-27", 1, 1, 1_000_000_000_000_000_000)]
    public void A_price_is_read_exactly(string text, long per, long nanos, long units) =>
        Assert.That(Decimals.ParsePrice(text, per), Is.EqualTo(new Price(nanos, units)));

    [TestCase("9223372036.854775808", "too large")]
    [TestCase("1e999", "too large")]
    [TestCase("1e-28", "too fine")]
    [TestCase("1e-999", "too fine")]
    [TestCase("-0.15", "negative")]
    [TestCase("", "not a decimal")]
    [TestCase(".5", "not a decimal")]
    [TestCase("1.", "not a decimal")]
    [TestCase("1,5", "not a decimal")]
    [TestCase(" 1", "not a decimal")]
    [TestCase("1\n", "not a decimal")]
    [TestCase("+1", "not a decimal")]
    [TestCase("1e", "not a decimal")]
    [TestCase("1e1000", "not a decimal")]
    [TestCase("NaN", "not a decimal")]
    [TestCase("0x1", "not a decimal")]
    [TestCase("١", "not a decimal")]
    [TestCase("00000000000000000000000000000000000000000000000000000000000000001", "not a decimal")]
    public void What_is_no_price_is_refused_with_the_reason(string text, string reason) =>
        Assert.That(() => Decimals.ParsePrice(text), Throws.TypeOf<FormatException>().With.Message.Contains(reason));

    [TestCase("3.42", 3_420_000_000)]
    [TestCase("-0.5", -500_000_000)]
    [TestCase("0.000000001", 1)]
    [TestCase("-9223372036.854775808", long.MinValue)]
    public void An_amount_is_read_exactly(string text, long nanos) => Assert.That(Decimals.ParseNanos(text), Is.EqualTo(nanos));

    [TestCase("0.0000000001", "parts of a nano-unit")]
    [TestCase("-9223372036.854775809", "too large")]
    public void An_amount_that_is_no_whole_nano_unit_is_refused(string text, string reason) =>
        Assert.That(() => Decimals.ParseNanos(text), Throws.TypeOf<FormatException>().With.Message.Contains(reason));

    [TestCase(3_420_000_000, 2, "3.42")]
    [TestCase(3_400_000_000, 2, "3.40")]
    [TestCase(3_000_000_000, 2, "3.00")]
    [TestCase(3_000_000_000, 0, "3")]
    [TestCase(0, 2, "0.00")]
    [TestCase(150, 2, "0.00000015")]
    [TestCase(-500_000_000, 2, "-0.50")]
    [TestCase(-1, 0, "-0.000000001")]
    [TestCase(long.MaxValue, 2, "9223372036.854775807")]
    [TestCase(long.MinValue, 2, "-9223372036.854775808")]
    public void Nanos_are_written_as_decimals(long nanos, int digitsMin, string text) =>
        Assert.That(Decimals.FormatNanos(nanos, digitsMin), Is.EqualTo(text));

    [FsCheck.NUnit.Property(QuietOnSuccess = true)]
    public bool What_is_written_reads_back(long nanos, byte digits) =>
        Decimals.ParseNanos(Decimals.FormatNanos(nanos, digits % 10)) == nanos;

    [FsCheck.NUnit.Property(QuietOnSuccess = true)]
    public bool The_framework_reads_the_same(long nanos) =>
        decimal.Parse(Decimals.FormatNanos(nanos), CultureInfo.InvariantCulture) == nanos / 1_000_000_000m;
}
