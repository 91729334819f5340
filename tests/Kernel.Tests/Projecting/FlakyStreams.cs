using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Projecting;

/// <summary>An event store that cannot be followed for the first few times.</summary>
internal sealed class FlakyStreams(IEventStreams inner) : IEventStreams
{
    /// <summary>How many more subscriptions fail.</summary>
    public int Failures { get; set; }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        Failures-- > 0 ? throw new StreamsUnavailableException("out of reach", outcomeUnknown: false) : inner.Subscribe(after, prefixes, cancellation);

    public Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation) =>
        inner.Append(stream, expectedRevision, events, cancellation);

    public IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default) =>
        inner.Read(stream, direction, from, limit, cancellation);

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) => inner.SaveSnapshot(stream, snapshot, cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) => inner.LoadSnapshot(stream, cancellation);

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => inner.Clock(cancellation);
}
