using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;

namespace Metering.Reservations.Tests;

public sealed class CatalogViewTests
{
    private ShiftedTime clock = null!;
    private FailingStreams streams = null!;
    private CatalogView view = null!;

    [SetUp]
    public void Start()
    {
        clock = new ShiftedTime();
        streams = new FailingStreams(new MemoryStreams(clock));
        view = new CatalogView(streams, clock);
    }

    [Test]
    public async Task Requests_in_the_same_second_read_once()
    {
        for (var i = 0; i < 100; i++) await view.Current();
        Assert.That(streams.Reads, Is.EqualTo(1));
    }

    [Test]
    public async Task After_a_second_it_is_read_again_beside_the_requests()
    {
        await view.Current();
        await Declare("llm.tokens", -1);
        clock.Shift += TimeSpan.FromSeconds(1.5);
        await view.Current();
        Assert.That((await view.Current()).Meter("llm.tokens"), Is.Not.Null);
        Assert.That(streams.Reads, Is.EqualTo(2));
    }

    [Test]
    public async Task An_outage_is_bridged_for_as_long_as_nothing_can_have_come_into_force()
    {
        await view.Current();
        streams.IsAway = true;
        clock.Shift += TimeSpan.FromSeconds(3);
        Assert.That(async () => await view.Current(), Throws.Nothing);
        clock.Shift += TimeSpan.FromSeconds(2);
        Assert.That(async () => await view.Current(), Throws.TypeOf<CatalogUnconfirmedException>());
        streams.IsAway = false;
        Assert.That(async () => await view.Current(), Throws.Nothing);
    }

    [Test]
    public async Task What_was_published_before_the_call_is_in_a_refreshed_catalog()
    {
        await view.Current();
        for (var i = 0; i < 10; i++)
        {
            await Declare($"meter.{i}", i - 1);
            Assert.That((await view.Refresh()).Meter($"meter.{i}"), Is.Not.Null);
        }
    }

    [Test]
    public async Task An_unknown_event_stops_it()
    {
        await streams.Append("catalog", Revisions.None, [new NewEvent(Guid.CreateVersion7(clock.GetUtcNow()), "meter_abolished.v1", "{}"u8.ToArray(), default)], default);
        Assert.That(async () => await view.Current(), Throws.InvalidOperationException);
    }

    private async Task Declare(string meter, long expected)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        var (type, data) = CatalogEvents.Encode(new MeterDeclared(clock.GetUtcNow(), new Cause(id, default), new Meter(meter, "count")));
        await streams.Append("catalog", expected, [new NewEvent(id, type, data, default)], CancellationToken.None);
    }
}
