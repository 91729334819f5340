using System.Runtime.CompilerServices;

namespace Metering.Kernel.Streams;

/// <summary>The event store in memory: for tests, simulation and trials. Everything is gone with the process.</summary>
public sealed class MemoryStreams(TimeProvider time) : IEventStreams
{
    private readonly Lock _gate = new();
    private readonly List<StoredEvent> _all = [];
    private readonly Dictionary<string, List<StoredEvent>> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Snapshot> _snapshots = new(StringComparer.Ordinal);
    private readonly Wakeup _wakeup = new();

    public Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        Appends.Check(stream, expectedRevision, events);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<Appended>(cancellation);
        lock (_gate)
        {
            var stored = Stream(stream);
            if (expectedRevision == stored.Count - 1)
                Store(stream, stored, events);
            else if (!AlreadyStored(stored, expectedRevision, events))
                return Task.FromException<Appended>(new WrongRevisionException(stream, expectedRevision, stored.Count - 1));
            var last = stored[(int)expectedRevision + events.Count];
            return Task.FromResult(new Appended(last.Revision, last.Position));
        }
    }

    public async IAsyncEnumerable<StoredEvent> Read(string stream, Direction direction, long from, int limit = int.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        foreach (var item in Slice(stream, direction, from, limit))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }
        await Task.CompletedTask.ConfigureAwait(false);
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation)
    {
        Following.CheckPrefixes(prefixes);
        return Following.Follow(after, position => Task.FromResult(Page(position, prefixes)), _wakeup, cancellation);
    }

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (snapshot is null)
                _snapshots.Remove(stream);
            else
                _snapshots[stream] = snapshot with { Data = snapshot.Data.ToArray() };
        }
        return Task.CompletedTask;
    }

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_snapshots.GetValueOrDefault(stream));
    }

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => Task.FromResult(time.GetUtcNow());

    private void Store(string stream, List<StoredEvent> stored, IReadOnlyList<NewEvent> events)
    {
        _streams[stream] = stored;
        foreach (var item in events)
        {
            // copies: the caller's buffers are the caller's to reuse
            var next = new StoredEvent(
                stream, stored.Count, At(_all.Count + 1), item.Id, item.Type, item.Data.ToArray(), item.Metadata.ToArray());
            stored.Add(next);
            _all.Add(next);
        }
        _wakeup.Wake();
    }

    private static bool AlreadyStored(List<StoredEvent> stored, long expectedRevision, IReadOnlyList<NewEvent> events)
    {
        if (expectedRevision + events.Count >= stored.Count)
            return false;
        for (var i = 0; i < events.Count; i++)
            if (stored[(int)expectedRevision + 1 + i].Id != events[i].Id)
                return false;
        return true;
    }

    private List<StoredEvent> Slice(string stream, Direction direction, long from, int limit)
    {
        lock (_gate)
        {
            var stored = Stream(stream);
            return direction == Direction.Forwards
                ? [.. stored.Skip((int)Math.Min(from, stored.Count)).Take(limit)]
                : [.. stored.Take((int)Math.Min(from, stored.Count - 1) + 1).Reverse().Take(limit)];
        }
    }

    private EventBatch Page(Position after, IReadOnlyList<string> prefixes)
    {
        lock (_gate)
        {
            var searched = _all.Skip((int)Math.Min(after.Commit, (ulong)_all.Count)).Take(Following.PageEvents).ToList();
            var upto = searched.Count == 0 ? after : searched[^1].Position;
            var found = searched.FindAll(item => Following.Matches(item.Stream, prefixes));
            return new EventBatch(found, upto, CaughtUp: upto >= At(_all.Count));
        }
    }

    private List<StoredEvent> Stream(string stream) => _streams.GetValueOrDefault(stream) ?? [];

    private static Position At(int position) => new((ulong)position, (ulong)position);
}
