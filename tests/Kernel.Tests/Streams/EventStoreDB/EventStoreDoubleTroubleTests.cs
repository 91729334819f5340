using System.Diagnostics;
using Metering.EventStoreDouble.Hosting;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>What the adapter makes of a store in trouble, on a double of EventStoreDB: a cluster of three whose first node leads.</summary>
public sealed class EventStoreDoubleTroubleTests
{
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly DateTimeOffset Run = Time.GetUtcNow();

    private CancellationTokenSource _stop = null!;
    private DoubleCluster _double = null!;
    private EventStoreStreams _streams = null!;

    [SetUp]
    public async Task StartDouble()
    {
        _stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        _double = await DoubleCluster.Start(new() { Nodes = 3 });
        _streams = new(EventStoreSettings.Parse(_double.ConnectionString), Time);
    }

    [TearDown]
    public async Task StopDouble()
    {
        await _streams.DisposeAsync();
        await _double.DisposeAsync();
        _stop.Dispose();
    }

    private static NewEvent Event() => new(Guid.CreateVersion7(Run), "noted.v1", ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty);

    private Task<Appended> Append(string stream, long expected, params NewEvent[] events) =>
        _streams.Append(stream, expected, events, _stop.Token);

    /// <summary>As the decision runner does: the identical append again until the answer is definite.</summary>
    private async Task<Appended> Settle(string stream, long expected, params NewEvent[] events)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (; ; )
        {
            try
            {
                return await Append(stream, expected, events);
            }
            catch (StreamsUnavailableException)
            {
                await pause.WaitForNextTickAsync(_stop.Token);
            }
        }
    }

    private async Task<List<StoredEvent>> All(string stream)
    {
        var all = new List<StoredEvent>();
        await foreach (var item in _streams.Read(stream, Direction.Forwards, 0, cancellation: _stop.Token)) all.Add(item);
        return all;
    }

    private static async Task<StreamsUnavailableException> Unavailable(Task call)
    {
        try
        {
            await call;
        }
        catch (StreamsUnavailableException error)
        {
            return error;
        }
        throw new AssertionException("the call succeeded");
    }

    [Test]
    public async Task While_the_store_is_away_calls_fail_soon_and_then_at_once_and_go_on_when_it_is_back()
    {
        await Append("s", Revisions.None, Event());
        foreach (var node in _double.Nodes) await node.Stop();
        var away = Stopwatch.StartNew();
        for (; away.Elapsed < TimeSpan.FromSeconds(4);)
        {
            var call = Stopwatch.StartNew();
            await Unavailable(Append("s", 0, Event()));
            Assert.That(call.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)));
        }
        var many = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Unavailable(Append("s", 0, Event()))));
        Assert.That(many.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)), "a hundred at once");
        foreach (var node in _double.Nodes) await node.Start();
        Assert.That((await Settle("s", 0, Event())).Revision, Is.EqualTo(1));
        Assert.That(await All("s"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_subscription_that_breaks_goes_on_from_where_it_was()
    {
        for (var i = 0; i < 5; i++) await Append("s", i - 1, Event());
        var (seen, upto, breaks, live) = (new List<long>(), Position.Start, 0, (Task?)null);
        while (seen.Count < 10)
        {
            try
            {
                await foreach (var batch in _streams.Subscribe(upto, ["s"], _stop.Token))
                {
                    seen.AddRange(batch.Events.Select(item => item.Revision));
                    upto = batch.Upto;
                    if (seen.Count == 5 && batch.CaughtUp) live ??= Append("s", 4, Event());
                    if (seen.Count == 6 && breaks == 0) _double.CutConnections();
                    if (seen.Count >= 10) break;
                }
            }
            catch (StreamsUnavailableException)
            {
                if (breaks++ == 0)
                    for (var i = 6; i < 10; i++) await Settle("s", i - 1, Event());
            }
        }
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 10).Select(i => (long)i)));
        Assert.That(breaks, Is.GreaterThan(0));
    }

    [Test]
    public async Task A_follower_that_a_burst_overruns_goes_on_by_itself()
    {
        await using var impatient = await DoubleCluster.Start(new() { LiveBuffer = 4 });
        await using var streams = new EventStoreStreams(EventStoreSettings.Parse(impatient.ConnectionString), Time);
        var seen = new List<long>();
        await streams.Append("s", Revisions.None, [Event()], _stop.Token);
        await foreach (var batch in streams.Subscribe(Position.Start, ["s"], _stop.Token))
        {
            seen.AddRange(batch.Events.Select(item => item.Revision));
            if (seen.Count == 1 && batch.CaughtUp)
                await streams.Append("s", 0, [.. Enumerable.Range(0, 200).Select(_ => Event())], _stop.Token);
            if (seen.Count > 200 && batch.CaughtUp) break;
        }
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 201).Select(revision => (long)revision)));
    }

    [Test]
    public async Task Without_a_leader_calls_fail_and_go_on_with_the_next()
    {
        await Append("s", Revisions.None, Event());
        _double.Elect(null);
        await Unavailable(Append("s", 0, Event()));
        _double.Elect(_double.Nodes[2]);
        Assert.That((await Settle("s", 0, Event())).Revision, Is.EqualTo(1));
    }

    [Test]
    public async Task Sixty_four_who_append_to_one_stream_lose_nothing_whatever_breaks()
    {
        const int writers = 64, each = 5;
        _double.Faults.Add(new Fault(FaultKind.LoseAnswer) { Times = 3 });
        _double.Faults.Add(new Fault(FaultKind.LoseRequest) { Times = 2 });
        var written = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() => Write(each))));
        var stored = (await All("hot")).Select(item => item.Id).ToList();
        Assert.That(stored, Is.EquivalentTo(written.SelectMany(ids => ids)));
        Assert.That(stored, Is.Unique);
    }

    private async Task<List<Guid>> Write(int count)
    {
        var (ids, expected) = (new List<Guid>(), Revisions.None);
        for (var item = Event(); ids.Count < count;)
        {
            try
            {
                expected = (await Settle("hot", expected, item)).Revision;
                ids.Add(item.Id);
                item = Event();
            }
            catch (WrongRevisionException wrong)
            {
                expected = wrong.Actual;
            }
        }
        return ids;
    }
}
