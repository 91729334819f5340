using System.Diagnostics;
using Metering.EventStoreDouble.Hosting;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The adapter in trouble, on a double of a node or of a cluster.</summary>
public sealed class EventStoreDoubleTests
{
    private static readonly DateTimeOffset Run = TimeProvider.System.GetUtcNow();

    private CancellationTokenSource _stop = null!;
    private MovedTime _time = null!;
    private DoubleCluster _double = null!;
    private EventStoreStreams _streams = null!;

    private CancellationToken Stop => _stop.Token;

    [SetUp]
    public void Limit() => (_stop, _time) = (new CancellationTokenSource(TimeSpan.FromSeconds(30)), new MovedTime());

    [TearDown]
    public async Task Close()
    {
        await _streams.DisposeAsync();
        await _double.DisposeAsync();
        _stop.Dispose();
    }

    private async Task Open(DoubleOptions? options = null, string credentials = "")
    {
        _double = await DoubleCluster.Start(options);
        _streams = new EventStoreStreams(EventStoreSettings.Parse(_double.ConnectionString.Replace("://", "://" + credentials)), _time);
    }

    private static NewEvent Event(string data = "{}", string metadata = "") => new(Guid.CreateVersion7(Run), "noted.v1",
        System.Text.Encoding.UTF8.GetBytes(data), System.Text.Encoding.UTF8.GetBytes(metadata));

    private Task<Appended> Append(string stream, long expected, params NewEvent[] events) =>
        _streams.Append(stream, expected, events, Stop);

    private async Task<List<StoredEvent>> All(string stream)
    {
        var all = new List<StoredEvent>();
        await foreach (var stored in _streams.Read(stream, Direction.Forwards, 0, cancellation: Stop)) all.Add(stored);
        return all;
    }

    private static async Task<StreamsUnavailableException> Away(Task call)
    {
        try
        {
            await call;
        }
        catch (StreamsUnavailableException away)
        {
            return away;
        }
        throw new AssertionException("the store was not away");
    }

    /// <summary>The same append again, as the decision runner does, each time after what a pause would be.</summary>
    private async Task<Appended> AppendUntilAnswered(string stream, long expected, params NewEvent[] events)
    {
        while (true)
        {
            try
            {
                return await Append(stream, expected, events);
            }
            catch (StreamsUnavailableException)
            {
                Stop.ThrowIfCancellationRequested();
                _time.Move(TimeSpan.FromSeconds(1));
            }
        }
    }

    [TestCase(FaultKind.LoseRequest)]
    [TestCase(FaultKind.LoseAnswer)]
    [TestCase(FaultKind.TimeOut)]
    [TestCase(FaultKind.NotReady)]
    [TestCase(FaultKind.TooBusy)]
    public async Task An_append_without_a_definite_answer_is_unknown_and_settled_by_the_same_again(FaultKind fault)
    {
        await Open();
        await Append("s", Revisions.None, Event());
        _double.Faults.Add(new Fault(fault));
        NewEvent[] events = [Event(), Event()];
        Assert.That((await Away(Append("s", 0, events))).OutcomeUnknown);
        Assert.That((await AppendUntilAnswered("s", 0, events)).Revision, Is.EqualTo(2));
        Assert.That((await All("s")).Select(item => item.Id).Skip(1), Is.EqualTo(events.Select(item => item.Id)));
    }

    [Test]
    public async Task An_append_that_is_never_answered_is_unknown_within_seconds_and_later_ones_fail_at_once()
    {
        await Open();
        await Append("s", Revisions.None, Event());
        _double.Faults.Add(new Fault(FaultKind.Hold) { Times = 2 });
        var item = Event();
        var watch = Stopwatch.StartNew();
        var unanswered = await Away(Append("s", 0, item));
        Assert.That(unanswered.OutcomeUnknown, unanswered.Message);
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(4)));
        var tries = Append("other", Revisions.None, Event());
        Assert.That((await Away(Append("other", Revisions.None, Event()))).OutcomeUnknown, Is.False);
        _double.Faults.Release();
        await Task.WhenAny(tries);
        Assert.That((await AppendUntilAnswered("s", 0, item)).Revision, Is.EqualTo(1));
    }

    [Test]
    public async Task A_store_that_is_not_there_yet_is_away_and_then_it_is_there()
    {
        await Open();
        await _double.Nodes[0].Stop();
        await using var early = new EventStoreStreams(EventStoreSettings.Parse(_double.ConnectionString), _time);
        var watch = Stopwatch.StartNew();
        await Away(early.Append("s", Revisions.None, [Event()], Stop));
        await Away(early.Clock(Stop));
        await Away(early.LoadSnapshot("s", Stop));
        await Away(Follow(early));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(8)));
        await _double.Nodes[0].Start();
        await AppendUntilAnswered("s", Revisions.None, Event());
    }

    private async Task Follow(EventStoreStreams streams)
    {
        await foreach (var _ in streams.Subscribe(Position.Start, [""], Stop)) { }
    }

    [Test]
    public async Task A_node_that_comes_back_is_used_again()
    {
        await Open();
        await Append("s", Revisions.None, Event());
        await _double.Nodes[0].Stop();
        await Away(Append("s", 0, Event()));
        await Away(All("s"));
        await _double.Nodes[0].Start();
        await AppendUntilAnswered("s", 0, Event());
        Assert.That(await All("s"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_client_that_only_fails_is_replaced()
    {
        _double = await DoubleCluster.Start();
        var settings = EventStoreSettings.Parse(_double.ConnectionString);
        var (create, made) = (settings.Client.CreateHttpMessageHandler!, 0);
        settings.Client.CreateHttpMessageHandler = () => Interlocked.Increment(ref made) == 1 ? new Stuck() : create();
        _streams = new EventStoreStreams(settings, _time);
        await Away(Append("s", Revisions.None, Event()));
        Assert.That((await AppendUntilAnswered("s", Revisions.None, Event())).Revision, Is.Zero);
        Assert.That(made, Is.EqualTo(2));
    }

    private sealed class Stuck : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new HttpRequestException("stuck");
    }

    [Test]
    public async Task The_leader_is_followed()
    {
        await Open(new DoubleOptions { Nodes = 3 });
        await Append("s", Revisions.None, Event());
        for (var i = 0; i < 3; i++)
        {
            _double.Elect(_double.Nodes[(i + 1) % 3]);
            await AppendUntilAnswered("s", i, Event());
        }
        Assert.That(await All("s"), Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Another_leader_takes_over_from_one_that_died()
    {
        await Open(new DoubleOptions { Nodes = 3 });
        await Append("s", Revisions.None, Event());
        await _double.Nodes[0].Stop();
        _double.Elect(_double.Nodes[2]);
        await AppendUntilAnswered("s", 0, Event());
        Assert.That(await All("s"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_broken_connection_ends_a_subscription_with_the_reason()
    {
        await Open();
        var away = await Away(Follow(cut: true));
        Assert.That(away.Message, Does.StartWith("the event store"));
    }

    private async Task Follow(bool cut)
    {
        await foreach (var batch in _streams.Subscribe(Position.Start, ["s"], Stop))
            if (batch.CaughtUp && cut) _double.CutConnections();
    }

    [Test]
    public async Task Wrong_credentials_are_said_and_nothing_was_appended()
    {
        await Open(new DoubleOptions { Tls = true, Credentials = ("admin", "changeit") }, "admin:guess@");
        Assert.That((await Away(Append("s", Revisions.None, Event()))).Message, Does.Contain("EventStore"));
    }

    [Test]
    public async Task A_node_that_takes_less_than_is_needed_says_which_setting()
    {
        await Open(new DoubleOptions { MaxAppendSize = 1_000 });
        Assert.ThrowsAsync<ArgumentException>(() => Append("s", Revisions.None, Event(new string('x', 2_000))));
        Assert.That(await All("s"), Is.Empty);
    }

    [TestCase("{\"hash\":\"1\"}")]
    [TestCase("")]
    public async Task A_trace_leaves_the_metadata_as_it_is(string metadata)
    {
        await Open();
        using var activity = new Activity("a call").SetIdFormat(ActivityIdFormat.W3C).Start();
        var item = Event(metadata: metadata);
        await Append("s", Revisions.None, item);
        Assert.That((await All("s"))[0].Metadata.ToArray(), Is.EqualTo(item.Metadata.ToArray()));
        Assert.That(Activity.Current, Is.SameAs(activity));
    }

    [Test]
    public async Task A_large_snapshot_is_kept_whole_and_replaced()
    {
        await Open();
        var random = new Random(1);
        foreach (var bytes in new[] { 10, 3_000_000, 5_000_001, 20 })
        {
            var data = new byte[bytes];
            random.NextBytes(data);
            await _streams.SaveSnapshot("s", new Snapshot(7, "v1", data), Stop);
            Assert.That((await _streams.LoadSnapshot("s", Stop))!.Data.Span.SequenceEqual(data), $"{bytes} bytes");
        }
    }

    [Test]
    public async Task The_adapters_own_streams_are_not_shown()
    {
        await Open();
        await _streams.SaveSnapshot("s", new Snapshot(1, "v1", new byte[1]), Stop);
        await _streams.Clock(Stop);
        await Append("s", Revisions.None, Event());
        var seen = new List<string>();
        await foreach (var batch in _streams.Subscribe(Position.Start, [""], Stop))
        {
            seen.AddRange(batch.Events.Select(item => item.Stream));
            if (batch.CaughtUp) break;
        }
        Assert.That(seen, Is.EqualTo(new[] { "s" }));
    }

    [TestCase("snapshot-s")]
    [TestCase("metering-clock")]
    [TestCase("$settings")]
    public async Task The_adapters_own_streams_take_nobody_elses_events(string stream)
    {
        await Open();
        Assert.ThrowsAsync<ArgumentException>(() => Append(stream, Revisions.None, Event()));
    }

    [Test]
    public async Task Appends_of_many_streams_are_under_way_at_once()
    {
        await Open();
        await Append("s", Revisions.None, Event());
        _double.Faults.Add(new Fault(FaultKind.Hold) { StreamPrefix = "slow" });
        var held = _double.Faults.Held;
        var slow = Append("slow", Revisions.None, Event());
        await held.WaitAsync(Stop);
        await Append("quick", Revisions.None, Event());
        Assert.That(slow.IsCompleted, Is.False);
        _double.Faults.Release();
        await slow;
    }
}
