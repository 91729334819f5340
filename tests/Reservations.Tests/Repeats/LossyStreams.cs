using System.Collections.Concurrent;
using Metering.Kernel.Streams;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>A store that can lose the answer of an append that it did.</summary>
internal sealed class LossyStreams(IEventStreams streams) : IEventStreams
{
    private readonly ConcurrentDictionary<string, int> fullReads = new();
    private int losing;

    /// <summary>Snapshots that were found.</summary>
    public int SnapshotsFound { get; private set; }

    /// <summary>How often a stream was read from the beginning to the end.</summary>
    public int FullReads(string stream) => fullReads.GetValueOrDefault(stream);

    public void LoseNext() => losing = 1;

    public async Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        var appended = await streams.Append(stream, expectedRevision, events, cancellation);
        return Interlocked.Exchange(ref losing, 0) == 0
            ? appended
            : throw new StreamsUnavailableException("the answer is lost", outcomeUnknown: true);
    }

    public IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default)
    {
        if (direction == Direction.Forwards && from == 0 && limit == int.MaxValue)
            fullReads.AddOrUpdate(stream, 1, (_, times) => times + 1);
        return streams.Read(stream, direction, from, limit, cancellation);
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        streams.Subscribe(after, prefixes, cancellation);

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) =>
        streams.SaveSnapshot(stream, snapshot, cancellation);

    public async Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation)
    {
        var snapshot = await streams.LoadSnapshot(stream, cancellation);
        if (snapshot is not null) SnapshotsFound++;
        return snapshot;
    }

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => streams.Clock(cancellation);
}
