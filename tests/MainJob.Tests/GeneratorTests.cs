using Metering.MainJob;

namespace Metering.MainJobTests;

public class GeneratorTests
{
    private const long Total = 26_875_010;

    [Test]
    public void The_same_seed_makes_the_same_trace() => Assert.That(Generator.Make(7).Rows, Is.EqualTo(Generator.Make(7).Rows));

    [Test]
    public void Another_seed_makes_another() => Assert.That(Generator.Make(7).Rows, Is.Not.EqualTo(Generator.Make(8).Rows));

    [Test]
    public void The_default_is_the_same_on_every_machine()
    {
        var trace = Generator.Make();
        Assert.That((trace.Rows.Count, trace.Total), Is.EqualTo((Generator.Calls, Total)));
    }

    [Test]
    public void It_has_the_shape_of_the_real_one()
    {
        var rows = Generator.Make().Rows;
        Assert.That(rows.Average(row => row.Input), Is.EqualTo(1155).Within(150));
        Assert.That(rows.Average(row => row.Output), Is.EqualTo(211).Within(30));
        Assert.That(rows.Max(row => row.Output), Is.InRange(600, 1000));
        Assert.That(rows, Is.Ordered.By(nameof(TraceRow.At)));
        Assert.That(rows[^1].At - rows[0].At, Is.EqualTo(TimeSpan.FromHours(1)).Within(TimeSpan.FromMinutes(5)));
    }
}
