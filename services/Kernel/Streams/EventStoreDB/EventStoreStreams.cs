using System.Runtime.CompilerServices;
using EventStore.Client;
using ClientPosition = EventStore.Client.Position;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// The event store on EventStoreDB or KurrentDB. Appends of all streams share one connection, each sent before the last is answered.
/// The process starts while the store is away; calls then fail within some two seconds, later ones at once, until it is back.
/// </summary>
public sealed class EventStoreStreams : IEventStreams, IAsyncDisposable
{
    private readonly StoreNode _node;
    private readonly SnapshotStreams _snapshots;
    private readonly StoreClock _storeClock;
    private readonly SharedSubscription _shared;

    /// <param name="settings">Where the store is; nothing is asked of it yet.</param>
    /// <param name="clock">For waiting, and for the ids of the adapter's own events.</param>
    public EventStoreStreams(EventStoreSettings settings, TimeProvider clock)
    {
        _node = new StoreNode(settings, clock);
        (_snapshots, _storeClock) = (new SnapshotStreams(_node, clock), new StoreClock(_node, clock));
        _shared = new SharedSubscription(_node, clock);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    public async Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        Appends.Check(stream, expectedRevision, events);
        OwnStreams.Refuse(stream);
        cancellation.ThrowIfCancellationRequested();
        var answer = await _node.Append(stream, expectedRevision, [.. events.Select(Stored.Data)], cancellation);
        if (answer is WrongExpectedVersionResult wrong) throw new WrongRevisionException(stream, expectedRevision, wrong.ActualVersion);
        var last = expectedRevision + events.Count;
        // a repeated append may be answered without its place
        return answer.LogPosition == ClientPosition.End || answer.LogPosition == default
            ? new Appended(last, await PositionOf(stream, last, cancellation))
            : new Appended(last, Stored.Position(answer.LogPosition));
    }

    public async IAsyncEnumerable<StoredEvent> Read(string stream, Direction direction, long from, int limit = int.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        await foreach (var found in _node.Read(stream, direction, from, limit, cancellation)) yield return Stored.Event(found);
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation)
    {
        Following.CheckPrefixes(prefixes);
        return _shared.From(after, prefixes, cancellation);
    }

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) =>
        _snapshots.Save(stream, snapshot, cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) => _snapshots.Load(stream, cancellation);

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => _storeClock.Now(cancellation);

    private async Task<Position> PositionOf(string stream, long revision, CancellationToken cancellation)
    {
        await foreach (var found in _node.Read(stream, Direction.Forwards, revision, 1, cancellation))
            return Stored.Position(found.Position);
        throw new StreamsUnavailableException($"{stream} has no event {revision} right after it was appended", outcomeUnknown: true);
    }
}
