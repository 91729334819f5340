using Metering.Kernel.Streams;

namespace Metering.Reservations.Tests;

/// <summary>A store that can be taken away.</summary>
internal sealed class FailingStreams(IEventStreams streams) : IEventStreams
{
    public bool IsAway { get; set; }
    public TimeSpan ClockOff { get; set; }
    public int Reads { get; private set; }

    public Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation) =>
        Check().Append(stream, expectedRevision, events, cancellation);

    public IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default)
    {
        Reads++;
        return Check().Read(stream, direction, from, limit, cancellation);
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        Check().Subscribe(after, prefixes, cancellation);

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) => Check().SaveSnapshot(stream, snapshot, cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) => Check().LoadSnapshot(stream, cancellation);

    public async Task<DateTimeOffset> Clock(CancellationToken cancellation) => await Check().Clock(cancellation) + ClockOff;

    private IEventStreams Check() => IsAway ? throw new StreamsUnavailableException("away", outcomeUnknown: false) : streams;
}
