using Metering.Ledger.Pricing;

namespace Metering.Ledger.Tests.Pricing;

public class RatingTables
{
    private const long Max = long.MaxValue;
    private const long Million = 1_000_000;

    [TestCase(1, 150_000_000, Million, 150, Description = "one GPT-4o-mini input token at $0.15 per million")]
    [TestCase(Million, 150_000_000, Million, 150_000_000)]
    [TestCase(1_234, 600_000_000, Million, 740_400, Description = "its output at $0.60")]
    [TestCase(0, 150_000_000, Million, 0)]
    [TestCase(1_000, 0, 1, 0)]
    [TestCase(1, 1, 2, 0, Description = "0.5 → 0")]
    [TestCase(3, 1, 2, 2, Description = "1.5 → 2")]
    [TestCase(5, 1, 2, 2, Description = "2.5 → 2")]
    [TestCase(7, 1, 2, 4, Description = "3.5 → 4")]
    [TestCase(1, 1, 3, 0)]
    [TestCase(2, 1, 3, 1)]
    [TestCase(1, Max, Max, 1)]
    [TestCase(Max, 1, 1, Max)]
    [TestCase(Max, 1, Max, 1)]
    public void A_line_is_rounded_once_half_to_even(long quantity, long nanos, long per, long expected) =>
        Assert.That(Rating.Amount(quantity, new Price(nanos, per)), Is.EqualTo(expected));

    [TestCase(1_000, 150_000_000, Million, 1_200_000, 180_000)]
    [TestCase(1, 1, 1, 1_500_000, 2, Description = "1.5 → 2")]
    [TestCase(1, 1, 1, 2_500_000, 2, Description = "2.5 → 2")]
    [TestCase(5, 1, 2, 1_000_001, 3, Description = "2.5000025 → 3, rounding the price first would give 2")]
    [TestCase(100, 7, 1, 0, 0)]
    public void The_markup_is_inside_the_one_rounding(long quantity, long nanos, long per, long ppm, long expected) =>
        Assert.That(Rating.Amount(quantity, new Price(nanos, per), ppm), Is.EqualTo(expected));

    [TestCase(Max, 2, 1, Million, Description = "the amount")]
    [TestCase(Max, 1, 1, Million + 1, Description = "the amount, by its markup")]
    [TestCase(Max, Max, Max, Max, Description = "the product")]
    public void What_does_not_fit_is_an_overflow(long quantity, long nanos, long per, long ppm) =>
        Assert.Throws<AmountOverflowException>(() => Rating.Amount(quantity, new Price(nanos, per), ppm));

    [TestCase(-1, 1, 1, Million)]
    [TestCase(1, -1, 1, Million)]
    [TestCase(1, 1, 0, Million)]
    [TestCase(1, 1, 1, -1)]
    public void What_is_out_of_range_is_refused(long quantity, long nanos, long per, long ppm) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Rating.Amount(quantity, new Price(nanos, per), ppm));

    [TestCase(500, "0.00")]
    [TestCase(501, "0.99")]
    [TestCase(512, "11.88")]
    public void Five_hundred_resolutions_are_included_then_each_costs_99_cents(long used, string charge)
    {
        Tier[] flat = [new(Max, Decimals.ParsePrice("0.99"), 0)];
        Assert.That(Decimals.FormatNanos(Rating.Charge(Math.Max(0, used - 500), TierMode.Graduated, flat)), Is.EqualTo(charge));
        Assert.That(Decimals.FormatNanos(Rating.Charge(Math.Max(0, used - 500), TierMode.Volume, flat)), Is.EqualTo(charge));
    }

    // 100 at 10, then 900 at 8 with 50 on entering, then the rest at 5 with 500 on entering
    [TestCase(0, 0, 0)]
    [TestCase(1, 10, 10)]
    [TestCase(100, 1_000, 1_000)]
    [TestCase(101, 1_058, 858)]
    [TestCase(1_000, 8_250, 8_050)]
    [TestCase(1_001, 8_755, 5_505)]
    [TestCase(2_000, 13_750, 10_500)]
    public void Tiers_are_graduated_or_by_volume(long quantity, long graduated, long volume)
    {
        Tier[] tiers = [new(100, new(10, 1), 0), new(1_000, new(8, 1), 50), new(Max, new(5, 1), 500)];
        Assert.That(Rating.Charge(quantity, TierMode.Graduated, tiers), Is.EqualTo(graduated));
        Assert.That(Rating.Charge(quantity, TierMode.Volume, tiers), Is.EqualTo(volume));
    }

    [TestCase(1, 0, Description = "1/3")]
    [TestCase(2, 1, Description = "1/3 + 1/2, where parts rounded apart give 0")]
    [TestCase(3, 1, Description = "1/3 + 1")]
    public void Graduated_parts_are_summed_before_the_one_rounding(long quantity, long expected)
    {
        Tier[] tiers = [new(1, new(1, 3), 0), new(Max, new(1, 2), 0)];
        Assert.That(Rating.Charge(quantity, TierMode.Graduated, tiers), Is.EqualTo(expected));
    }

    [TestCase(TierMode.Graduated)]
    [TestCase(TierMode.Volume)]
    public void A_charge_that_does_not_fit_is_an_overflow(TierMode mode) =>
        Assert.Throws<AmountOverflowException>(() => Rating.Charge(Max, mode, [new(Max, new(1, 1), 1)]));

    [Test]
    public void A_charge_refuses_what_it_cannot_rate()
    {
        Tier[] flat = [new(Max, new(1, 1), 0)];
        Assert.Throws<ArgumentOutOfRangeException>(() => Rating.Charge(-1, TierMode.Volume, flat));
        Assert.Throws<ArgumentOutOfRangeException>(() => Rating.Charge(1, (TierMode)9, flat));
        Assert.Throws<ArgumentException>(() => Rating.Charge(1, TierMode.Volume, []));
    }

    private static IEnumerable<TestCaseData> Problems()
    {
        var last = new Tier(Max, new(1, 1), 0);
        yield return Row(null, last).SetArgDisplayNames("flat");
        yield return Row(null, last with { UpTo = 1 }, last with { UpTo = 2 }, last).SetArgDisplayNames("ascending");
        yield return Row("tiers must have at least one tier").SetArgDisplayNames("empty");
        yield return Row("tiers[0].up_to must be open-ended in the last tier", last with { UpTo = 5 }).SetArgDisplayNames("with an end");
        yield return Row("tiers[0].up_to must be 1 or more", last with { UpTo = 0 }, last).SetArgDisplayNames("nothing in the first");
        yield return Row("tiers[1].up_to must be above that of the tier before", last with { UpTo = 5 }, last with { UpTo = 5 }, last)
            .SetArgDisplayNames("equal ends");
        yield return Row("tiers[1].up_to must be above that of the tier before", last, last).SetArgDisplayNames("two without an end");
        yield return Row("tiers[0].price.nanos must be 0 or more", last with { Price = new(-1, 1) }).SetArgDisplayNames("negative price");
        yield return Row("tiers[0].price.per must be 1 or more", last with { Price = new(1, 0) }).SetArgDisplayNames("per nothing");
        yield return Row("tiers[0].flat_nanos must be 0 or more", last with { FlatNanos = -1 }).SetArgDisplayNames("negative flat part");
    }

    private static TestCaseData Row(string? problem, params Tier[] tiers) => new(problem, tiers);

    [TestCaseSource(nameof(Problems))]
    public void A_problem_names_its_field(string? problem, Tier[] tiers) => Assert.That(Tiers.Problem(tiers), Is.EqualTo(problem));
}
