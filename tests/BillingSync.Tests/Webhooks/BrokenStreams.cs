using Metering.Kernel.Streams;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>Streams that can be away: for appends to some of them, after so many.</summary>
internal sealed class BrokenStreams(IEventStreams streams) : IEventStreams
{
    private (string Prefix, int Left)? broken;

    public void Break(string prefix, int after = 0) => broken = (prefix, after);

    public void Mend() => broken = null;

    public Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        if (broken is not var (prefix, left) || !stream.StartsWith(prefix, StringComparison.Ordinal))
            return streams.Append(stream, expectedRevision, events, cancellation);
        if (left == 0) throw new StreamsUnavailableException("broken on purpose", outcomeUnknown: false);
        broken = (prefix, left - 1);
        return streams.Append(stream, expectedRevision, events, cancellation);
    }

    public IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default) =>
        streams.Read(stream, direction, from, limit, cancellation);

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        streams.Subscribe(after, prefixes, cancellation);

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) =>
        streams.SaveSnapshot(stream, snapshot, cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) => streams.LoadSnapshot(stream, cancellation);

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => streams.Clock(cancellation);
}
