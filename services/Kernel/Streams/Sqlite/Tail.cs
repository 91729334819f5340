namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// The newest events that this process wrote, in memory, for subscribers that keep up: several follow the same events, and each would read, in the
/// file, what was written there a moment ago. They would also meet the writer in the log's index, where SQLite's own wait may sleep a whole second.
/// </summary>
/// <remarks>Positions have no gaps. Where another process wrote in between, the older part is dropped: subscribers read it in the file.</remarks>
internal sealed class Tail(int eventsMost, long bytesMost)
{
    private readonly Lock _gate = new();
    private readonly StoredEvent?[] _ring = new StoredEvent?[eventsMost];
    private long _first = 1, _last, _bytes;

    /// <summary>Takes in what was committed, in order.</summary>
    public void Add(IReadOnlyList<StoredEvent> committed)
    {
        lock (_gate)
            foreach (var item in committed)
            {
                var position = (long)item.Position.Commit;
                if (position != _last + 1) Clear(position);
                while (_last - _first + 1 >= eventsMost || (_bytes > bytesMost && _first <= _last)) DropFirst();
                _ring[position % eventsMost] = item;
                (_last, _bytes) = (position, _bytes + Size(item));
            }
    }

    /// <summary>What came after a place, if there is something and all of it is here; none: look in the file.</summary>
    public EventBatch? Page(Position after, IReadOnlyList<string> prefixes)
    {
        lock (_gate)
        {
            var position = (long)after.Commit;
            if (position + 1 < _first || position >= _last) return null;
            var (found, bytes) = (new List<StoredEvent>(), 0);
            while (position < _last && found.Count < Following.PageEvents && bytes < Following.PageBytes)
                if (_ring[++position % eventsMost]! is var item && Following.Matches(item.Stream, prefixes))
                {
                    found.Add(item);
                    bytes += Size(item);
                }
            return new EventBatch(found, WriteConnection.At(position), CaughtUp: position == _last);
        }
    }

    private void Clear(long next)
    {
        Array.Clear(_ring);
        (_first, _last, _bytes) = (next, next - 1, 0);
    }

    private void DropFirst()
    {
        ref var first = ref _ring[_first++ % eventsMost];
        _bytes -= Size(first!);
        first = null;
    }

    private static int Size(StoredEvent item) => item.Data.Length + item.Metadata.Length;
}
