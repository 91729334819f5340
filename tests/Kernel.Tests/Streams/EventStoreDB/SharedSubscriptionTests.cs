using Metering.EventStoreDouble.Hosting;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>Followers that keep up share one subscription of the node's, on a double of it.</summary>
public sealed class SharedSubscriptionTests
{
    private static readonly DateTimeOffset Run = TimeProvider.System.GetUtcNow();

    private CancellationTokenSource _stop = null!;
    private DoubleCluster _double = null!;
    private EventStoreStreams _streams = null!;

    [SetUp]
    public async Task StartDouble()
    {
        _stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        _double = await DoubleCluster.Start();
        _streams = new(EventStoreSettings.Parse(_double.ConnectionString), TimeProvider.System);
    }

    [TearDown]
    public async Task StopDouble()
    {
        await _streams.DisposeAsync();
        await _double.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>One who follows until he is let go, says when he has caught up, and may be held at what he got.</summary>
    private sealed class Follower
    {
        private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _leave;
        private readonly Task _following;

        public Follower(EventStoreStreams streams, string[] prefixes, int upto, CancellationToken stop, Task? held = null)
        {
            _leave = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _following = Follow(streams, prefixes, upto, held ?? Task.CompletedTask);
        }

        public List<StoredEvent> Seen { get; } = [];

        public Task CaughtUp => _caughtUp.Task;

        public Task AllSeen => _following;

        public async Task Leave()
        {
            await _leave.CancelAsync();
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task Follow(EventStoreStreams streams, string[] prefixes, int upto, Task held)
        {
            await foreach (var batch in streams.Subscribe(Position.Start, prefixes, _leave.Token))
            {
                Seen.AddRange(batch.Events);
                if (batch.CaughtUp) _caughtUp.TrySetResult();
                if (Seen.Count >= upto) return;
                if (batch.Events.Count > 0) await held;
            }
        }
    }

    private Follower Following(string[] prefixes, int upto = int.MaxValue, Task? held = null) =>
        new(_streams, prefixes, upto, _stop.Token, held);

    private static NewEvent[] Events(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new NewEvent(Guid.CreateVersion7(Run), "noted.v1", "{}"u8.ToArray(), default))];

    private Task<Appended> Append(string stream, long expected, int count = 1) => _streams.Append(stream, expected, Events(count), _stop.Token);

    private static long[] Revisions(Follower follower, string stream) =>
        [.. follower.Seen.Where(item => item.Stream == stream).Select(item => item.Revision)];

    [Test]
    public async Task Whoever_keeps_up_shares_one_subscription_and_sees_his_own_streams()
    {
        await Append("a-1", -1, 3);
        Follower[] all = [Following(["a-"], 5), Following(["a-"], 5), Following(["b-"], 4), Following([""], 9), Following(["a-", "b-"], 9)];
        await Task.WhenAll(all.Select(follower => follower.CaughtUp));
        await _double.Subscriptions.Are(1, _stop.Token);
        await Append("b-1", -1, 4);
        await Append("a-1", 2, 2);
        await Task.WhenAll(all.Select(follower => follower.AllSeen));
        foreach (var (follower, (a, b)) in all.Zip([(5, 0), (5, 0), (0, 4), (5, 4), (5, 4)]))
            Assert.That((Revisions(follower, "a-1"), Revisions(follower, "b-1")), Is.EqualTo((Upto(a), Upto(b))).UsingPropertiesComparer());
    }

    [Test]
    public async Task The_last_to_leave_ends_it()
    {
        Follower[] all = [Following(["a-"]), Following(["b-"])];
        await Task.WhenAll(all.Select(follower => follower.CaughtUp));
        await _double.Subscriptions.Are(1, _stop.Token);
        await all[0].Leave();
        await Append("b-1", -1);
        await _double.Subscriptions.Are(1, _stop.Token);
        await all[1].Leave();
        await _double.Subscriptions.Are(0, _stop.Token);
    }

    [Test]
    public async Task Whoever_falls_behind_misses_nothing_and_joins_again()
    {
        const int each = 500, times = 12;
        var goOn = new TaskCompletionSource();
        var (slow, quick) = (Following(["a-"], 1 + each * times, goOn.Task), Following(["a-"], 1 + each * times));
        await Task.WhenAll(slow.CaughtUp, quick.CaughtUp);
        await Append("a-1", -1);
        for (var i = 0; i < times; i++) await Append("a-1", i * each, each);
        await quick.AllSeen;
        goOn.SetResult();
        await slow.AllSeen;
        Assert.That(Revisions(slow, "a-1"), Is.EqualTo(Upto(1 + each * times)));
        Assert.That(Revisions(quick, "a-1"), Is.EqualTo(Upto(1 + each * times)));
    }

    [Test]
    public async Task What_breaks_it_is_told_to_all_and_they_begin_another()
    {
        await Append("a-1", -1);
        Follower[] first = [Following(["a-"]), Following(["a-"])];
        await Task.WhenAll(first.Select(follower => follower.CaughtUp));
        await _double.Subscriptions.Are(1, _stop.Token);
        _double.CutConnections();
        foreach (var follower in first) Assert.ThrowsAsync<StreamsUnavailableException>(() => follower.AllSeen);
        Follower[] second = [Following(["a-"], 2), Following(["a-"], 2)];
        await Task.WhenAll(second.Select(follower => follower.CaughtUp));
        await _double.Subscriptions.Are(1, _stop.Token);
        await Append("a-1", 0);
        await Task.WhenAll(second.Select(follower => follower.AllSeen));
    }

    private static long[] Upto(int count) => [.. Enumerable.Range(0, count).Select(revision => (long)revision)];
}
