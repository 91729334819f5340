using EventStore.Client;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// Tells the store's time by what it stamps on an event appended for that purpose, at most one in a second; in between it goes on by this
/// machine's monotonic clock, so that a wall clock that is put right or wrong is seen at once.
/// </summary>
internal sealed class StoreClock(StoreNode node, TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private Reading? _last;

    /// <summary>Behind the store's true time by no more than one append takes.</summary>
    public async Task<DateTimeOffset> Now(CancellationToken cancellation)
    {
        if (_last is { } last && clock.GetElapsedTime(last.At) is var ago && ago < Every) return last.Stamp + ago;
        if (_last is null) await node.KeepLast(OwnStreams.Clock, 1, cancellation);
        var tick = new EventData(Uuid.FromGuid(Guid.CreateVersion7(clock.GetUtcNow())), "ticked.v1", ReadOnlyMemory<byte>.Empty,
            contentType: "application/octet-stream");
        await node.AppendAnywhere(OwnStreams.Clock, tick, cancellation);
        var at = clock.GetTimestamp();
        _last = new Reading(await LastStamp(cancellation), at);
        return _last.Stamp + clock.GetElapsedTime(at);
    }

    // another instance's tick may be the last by now: later than ours, and still in the past
    private async Task<DateTimeOffset> LastStamp(CancellationToken cancellation)
    {
        await foreach (var found in node.Read(OwnStreams.Clock, Direction.Backwards, Revisions.End, 1, cancellation))
            return new DateTimeOffset(DateTime.SpecifyKind(found.Created, DateTimeKind.Utc));
        throw new StreamsUnavailableException($"{OwnStreams.Clock} is empty right after an append", outcomeUnknown: false);
    }

    private sealed record Reading(DateTimeOffset Stamp, long At);
}
