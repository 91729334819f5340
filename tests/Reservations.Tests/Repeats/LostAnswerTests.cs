using Google.Protobuf;
using Grpc.Core;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>
/// The store did an append and its answer was lost. What should be answered is what the same commands are answered where nothing goes
/// wrong: two worlds with the same clock and the same ids.
/// </summary>
[TestFixture(3)]
[TestFixture(0)]
public sealed class LostAnswerTests(int resends)
{
    private readonly ManualTime clock = new();
    private World calm = null!;
    private World lossy = null!;
    private int cases;

    private static IEnumerable<Deed> Deeds => Deed.All;

    [OneTimeSetUp]
    public async Task Start()
    {
        calm = await World.Start(clock);
        lossy = await World.Start(
            clock, false, ("Reservations:Deciding:Resends", $"{resends}"), ("Reservations:Deciding:ResendAfter", "00:00:00.001"));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await calm.DisposeAsync();
        await lossy.DisposeAsync();
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task An_answer_that_was_lost_is_given_when_it_is_asked_for_again(object deed)
    {
        var (here, there) = await Prepare((Deed)deed);
        var right = await calm.Ask(here);
        lossy.Streams.LoseNext();
        if (resends > 0) Assert.That(await lossy.Ask(there), Is.EqualTo(right), "the runner itself asks the store again");
        else await lossy.Ask(there).Fails(StatusCode.Unavailable, null);
        Assert.That(await lossy.Ask(there), Is.EqualTo(right.Repeated()));
        Assert.That(await lossy.Events(), Is.EqualTo(await calm.Events()), "appended once");
    }

    private async Task<(IMessage Here, IMessage There)> Prepare(Deed deed)
    {
        cases++;
        calm.Begin(cases, $"user-{cases}");
        lossy.Begin(cases, $"user-{cases}");
        var (here, there) = (await deed.Prepare(calm), await deed.Prepare(lossy));
        clock.Pass(deed.After);
        if (deed.After == default || here is V1.ClosePeriodRequest) return (here, there);
        return (here.With(calm.Id()), there.With(lossy.Id()));
    }
}
