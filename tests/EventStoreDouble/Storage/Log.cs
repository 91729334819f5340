using Google.Protobuf;

namespace Metering.EventStoreDouble.Storage;

/// <summary>The log of a cluster: every record in the one order they were written in. In memory; every node sees it at once.</summary>
internal sealed partial class Log
{
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly List<Recorded> _records = [];
    private readonly Dictionary<string, List<Recorded>> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Recorded> _tombstones = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Recorded> _committed = [];
    private TaskCompletionSource _news = New();

    public Log(TimeProvider time)
    {
        _time = time;
        // a node's log begins with what it writes itself, so no event of a client is ever at position 0
        Store("$epoch-information", 0, new(NewId(), "$epoch-information", true, ByteString.Empty, ByteString.Empty));
    }

    /// <summary>Completes with the next write; who takes it before looking misses nothing.</summary>
    public Task News => Volatile.Read(ref _news).Task;

    public Recorded Last { get { lock (_gate) return _records[^1]; } }

    /// <summary>The record of that index, or none yet.</summary>
    public Recorded? At(int index)
    {
        lock (_gate) return index < _records.Count ? _records[index] : null;
    }

    /// <summary>The index of the first record at <paramref name="position"/> or behind it.</summary>
    public int IndexOf(long position)
    {
        lock (_gate)
        {
            var (low, high) = (0, _records.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_records[middle].Position < position) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }

    /// <summary>A position that a read of all streams may start from; a node cannot read from the middle of a record.</summary>
    public bool IsBoundary(long position) =>
        position == 0 || (At(IndexOf(position)) is { } record ? record.Position == position : position >= Last.End);

    public long LastRevision(string stream)
    {
        lock (_gate) return LastOf(stream);
    }

    public StreamMetadata MetadataOf(string stream)
    {
        lock (_gate) return Metadata(stream);
    }

    public Guid NewId() => Guid.CreateVersion7(_time.GetUtcNow());

    public Recorded? Tombstone(string stream)
    {
        lock (_gate) return _tombstones.GetValueOrDefault(stream);
    }

    /// <summary>The stream's records of revisions <paramref name="from"/> to <paramref name="to"/>, as far as there are.</summary>
    public List<Recorded> Range(string stream, long from, long to)
    {
        lock (_gate)
        {
            if (!_streams.TryGetValue(stream, out var records)) return [];
            (from, to) = (Math.Max(0, from), Math.Min(to, records.Count - 1));
            return from > to ? [] : records.GetRange((int)from, (int)(to - from + 1));
        }
    }

    private long LastOf(string stream)
    {
        if (_tombstones.ContainsKey(stream)) return Revision.Deleted;
        if (StreamMetadata.IsMetadata(stream) && _tombstones.ContainsKey(stream[2..])) return Revision.Deleted;
        return _streams.TryGetValue(stream, out var records) ? records.Count - 1 : Revision.NoStream;
    }

    private Recorded? LastRecord(string stream) =>
        _streams.TryGetValue(stream, out var records) ? records[^1] : null;

    private StreamMetadata Metadata(string stream) => StreamMetadata.Of(stream, LastRecord(StreamMetadata.StreamOf(stream)));

    private bool IsSoftDeleted(string stream) => Metadata(stream).TruncateBefore == Revision.Deleted;

    private Recorded Store(string stream, long revision, Proposed proposed)
    {
        var position = _records.Count == 0 ? 0 : _records[^1].End;
        var record = new Recorded(stream, revision, _records.Count, position, _time.GetUtcNow(), proposed);
        _records.Add(record);
        _committed.TryAdd(proposed.Id, record);
        if (revision == Revision.Deleted) _tombstones[stream] = record;
        else if (_streams.TryGetValue(stream, out var records)) records.Add(record);
        else _streams[stream] = [record];
        return record;
    }

    private void Tell() => Interlocked.Exchange(ref _news, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
