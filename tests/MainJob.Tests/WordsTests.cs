using Metering.MainJob;

namespace Metering.MainJobTests;

public class WordsTests
{
    [TestCase(0, ExpectedResult = "0")]
    [TestCase(999, ExpectedResult = "999")]
    [TestCase(26_450_535, ExpectedResult = "26,450,535")]
    [TestCase(-1_200, ExpectedResult = "-1,200")]
    [TestCase(long.MinValue, ExpectedResult = "-9,223,372,036,854,775,808")]
    public string Numbers_for_people_are_grouped(long number) => Words.Count(number);

    [TestCase(26_450_535, ExpectedResult = "26450535")]
    public string Numbers_for_scripts_are_not(long number) => Words.Plain(number);

    [TestCase(10_000_000_000, ExpectedResult = "$10.00")]
    [TestCase(3_420_000_000, ExpectedResult = "$3.42")]
    [TestCase(1, ExpectedResult = "$0.000000001")]
    [TestCase(-1_500_000_000, ExpectedResult = "-$1.50")]
    public string Dollars_lose_nothing(long nanos) => Words.Dollars(nanos);

    [TestCase(1_234_567_890_000, ExpectedResult = "$1,234.57")]
    [TestCase(0, ExpectedResult = "$0.00")]
    public string Cents_are_rounded(long nanos) => Words.Cents(nanos);

    [Test]
    public void Times_are_short()
    {
        Assert.That(Words.Seconds(TimeSpan.FromMilliseconds(1_449)), Is.EqualTo("1.4 s"));
        Assert.That(Words.Moment(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2))), Is.EqualTo("2026-01-02 01:04:05Z"));
    }
}
