using System.Text;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.Kernel.Tests.Projecting;

/// <summary>What keeps a read model: on every store of documents the same.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public abstract class KeeperTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly MemoryStreams _streams = new(TimeProvider.System);
    private readonly List<Instance> _instances = [];
    private readonly HashSet<string> _known = ["said.v1"];
    private IGenerations _generations = null!;

    protected CancellationToken Stop => _stop.Token;

    protected static ReadModelSchema Schema => new ReadModelSchema("words").With(Words.ByStream).With<EventCounts>();

    /// <summary>The read model's documents, none at first.</summary>
    protected abstract Task<IGenerations> Open(ReadModelSchema schema);

    protected abstract TimeProvider Time { get; }

    public void Dispose()
    {
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    [SetUp]
    public async Task OpenGenerations() => _generations = await Open(Schema);

    [TearDown]
    public async Task StopAll()
    {
        foreach (var instance in _instances) await instance.DisposeAsync();
        if (_generations is IAsyncDisposable generations) await generations.DisposeAsync();
    }

    [Test]
    public async Task A_rebuild_equals_what_it_replaces_and_is_followed_on()
    {
        var kept = Start();
        await Say("in-b", "before", "that");
        await kept.Projector.WaitFor(await Say("in-a", "one", "two"), Stop);
        var before = await All();
        await _generations.Begin(Stop);
        await Replaced(kept, 2);
        Assert.That(await All(), Is.EqualTo(before));
        await kept.Projector.WaitFor(await Say("in-a", "three"), Stop);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one two three", "in-b: before that", "said.v1: 5" }));
    }

    [Test]
    public async Task A_rebuild_that_stops_says_why_and_leaves_the_live_one_alone()
    {
        Know("odd.v1");
        await _streams.Append("in-a", -1, [Event("one", "odd.v1")], Stop);
        var kept = Start();
        await kept.Projector.WaitUntilCaughtUp(Stop);
        Forget("odd.v1");
        await _generations.Begin(Stop);
        await Until(async () => await kept.Keeper.Standing(Stop) is { RebuildError: { } error } && error.Contains("odd.v1"));
        await kept.Projector.WaitFor(await Say("in-b", "two"), Stop);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one", "in-b: two", "odd.v1: 1", "said.v1: 1" }));
        Know("odd.v1");
        await Replaced(kept, 2);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one", "in-b: two", "odd.v1: 1", "said.v1: 1" }));
    }

    [Test]
    public async Task A_rebuild_whose_process_was_killed_goes_on_and_takes_nothing_twice()
    {
        var half = await Say("in-a", "one", "two");
        var next = await _generations.Begin(Stop);
        await Follow(next.Documents, half);
        await Say("in-a", "three");
        Assert.That(await All(), Is.Empty, "the live one is not touched");
        await Replaced(Start(), 2);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one two three", "said.v1: 3" }));
    }

    [Test]
    public async Task How_it_stands_is_known()
    {
        var kept = New(_generations);
        Assert.That(await kept.Keeper.Standing(Stop), Is.Null, "nobody keeps it");
        kept.Run();
        await kept.Projector.WaitUntilCaughtUp(Stop);
        var standing = (await kept.Keeper.Standing(Stop))!;
        Assert.That((standing.Error, standing.Lag), Is.EqualTo(((string?)null, TimeSpan.Zero)));
        Assert.That(standing.Instance, Is.EqualTo($"{Environment.MachineName}/{Environment.ProcessId}"));
        Assert.That(standing.CaughtUpAt, Is.Not.Null);
    }

    private protected Instance Start() => Start(_generations);

    private protected Instance Start(IGenerations generations)
    {
        var instance = New(generations);
        instance.Run();
        return instance;
    }

    private protected Instance New(IGenerations generations)
    {
        var instance = new Instance(new Projection(["in-"], Fold), generations, _streams, Time);
        _instances.Add(instance);
        return instance;
    }

    protected async Task<Position> Say(string stream, params string[] words)
    {
        var last = -1L;
        await foreach (var one in _streams.Read(stream, Direction.Backwards, Revisions.End, 1, Stop)) last = one.Revision;
        return (await _streams.Append(stream, last, [.. words.Select(word => Event(word, "said.v1"))], Stop)).Position;
    }

    /// <summary>Every document, as text.</summary>
    protected async Task<string[]> All()
    {
        var live = (await _generations.Live(Stop)).Documents;
        var words = await live.Range(Words.ByStream, KeyRange.All, 100, Stop);
        var counts = (await live.Load<EventCounts>(["words"], Stop)).Values.SelectMany(count => count.ByType);
        var counted = counts.OrderBy(count => count.Key).Select(count => $"{count.Key}: {count.Value}");
        return [.. words.Select(word => $"{word.Id}: {word.Text}"), .. counted];
    }

    /// <summary>Ends once a generation is live; the projector starts again on it, which is what wakes this.</summary>
    private Task Replaced(Instance kept, int generation) =>
        kept.Projector.WaitUntil(_ => _generations.Live(Stop).GetAwaiter().GetResult().Number == generation, Stop);

    private async Task Follow(IReadModel documents, Position upto)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var projector = new Projector(new Projection(["in-"], Fold), documents, _streams, Time, NullLogger<Projector>.Instance);
        var run = projector.Run(own.Token);
        await projector.WaitFor(upto, Stop);
        await own.CancelAsync();
        await run;
    }

    /// <summary>Asks until it is so; each asking is a turn for the others.</summary>
    protected async Task Until(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private void Know(string type)
    {
        lock (_known) _known.Add(type);
    }

    private void Forget(string type)
    {
        lock (_known) _known.Remove(type);
    }

    private static NewEvent Event(string text, string type) => new(Guid.CreateVersion7(Noon), type, Encoding.UTF8.GetBytes(text), default);

    private async Task<IReadOnlyCollection<IDocument>> Fold(IReadOnlyList<StoredEvent> events, IReadModel model, CancellationToken cancellation)
    {
        var words = (await model.Load<Words>([.. events.Select(said => said.Stream).Distinct()], cancellation)).ToDictionary();
        foreach (var said in events)
        {
            lock (_known)
                if (!_known.Contains(said.Type)) throw new InvalidOperationException($"unknown event type {said.Type}");
            var text = Encoding.UTF8.GetString(said.Data.Span);
            words[said.Stream] = new Words(said.Stream, words.GetValueOrDefault(said.Stream) is { } before ? $"{before.Text} {text}" : text);
        }
        return words.Values;
    }

    public sealed record Words(string Id, string Text) : IDocument
    {
        public static readonly DocumentIndex<Words> ByStream = new(words => words.Id);
    }

    /// <summary>One process that keeps the read model or stands by.</summary>
    private protected sealed class Instance : IAsyncDisposable
    {
        private readonly CancellationTokenSource _own = new();
        private Task _run = Task.CompletedTask;

        public Instance(Projection projection, IGenerations generations, IEventStreams streams, TimeProvider time)
        {
            Projector = new Projector(
                "words", projection, async cancellation => (await generations.Live(cancellation)).Documents, streams, time,
                NullLogger<Projector>.Instance);
            var rebuilder = new Rebuilder(projection, generations, streams, time, NullLogger<Projector>.Instance);
            Keeper = new Keeper(generations, Projector, rebuilder, time, NullLogger<Keeper>.Instance);
        }

        public Projector Projector { get; }
        public Keeper Keeper { get; }

        public void Run() => _run = Keeper.Run(_own.Token);

        public async ValueTask DisposeAsync()
        {
            await _own.CancelAsync();
            await _run;
        }
    }
}

public sealed class MemoryKeeperTests : KeeperTests
{
    protected override TimeProvider Time { get; } = new HurriedTime();

    protected override Task<IGenerations> Open(ReadModelSchema schema) => Task.FromResult<IGenerations>(new MemoryGenerations(schema));
}
