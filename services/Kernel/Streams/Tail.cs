namespace Metering.Kernel.Streams;

/// <summary>
/// The newest events in memory, for subscribers that keep up: several follow the same events, and each would fetch from the store what one has just
/// brought or written. What is not here any more is read there.
/// </summary>
internal sealed class Tail(int eventsMost, long bytesMost)
{
    private readonly Lock _gate = new();
    private readonly StoredEvent?[] _ring = new StoredEvent?[eventsMost];
    private long _first, _next, _bytes;
    private Position _floor, _upto;

    /// <summary>
    /// Takes in, in order, all that there is after one place and up to another. Where that does not go on from the last time, what was here is dropped:
    /// there is something in between.
    /// </summary>
    public void Add(Position after, IReadOnlyList<StoredEvent> events, Position upto)
    {
        lock (_gate)
        {
            if (after != _upto) Clear(after);
            foreach (var item in events)
            {
                while (_next - _first >= eventsMost || (_bytes > bytesMost && _first < _next)) DropFirst();
                _ring[_next++ % eventsMost] = item;
                _bytes += Size(item);
            }
            _upto = upto;
        }
    }

    /// <summary>False if something after this place was here and is not any more.</summary>
    public bool Has(Position after)
    {
        lock (_gate) return after >= _floor;
    }

    /// <summary>What came after a place, if there is something and all of it is here.</summary>
    public EventBatch? Page(Position after, IReadOnlyList<string> prefixes)
    {
        lock (_gate)
        {
            if (after < _floor || after >= _upto) return null;
            var (found, bytes, upto, next) = (new List<StoredEvent>(), 0, after, FirstBeyond(after));
            while (next < _next && found.Count < Following.PageEvents && bytes < Following.PageBytes)
            {
                var item = At(next++);
                upto = item.Position;
                if (!Following.Matches(item.Stream, prefixes)) continue;
                found.Add(item);
                bytes += Size(item);
            }
            return new EventBatch(found, next == _next ? _upto : upto, CaughtUp: next == _next);
        }
    }

    private long FirstBeyond(Position after)
    {
        var (low, high) = (_first, _next);
        while (low < high)
        {
            var half = low + (high - low) / 2;
            if (At(half).Position > after) high = half;
            else low = half + 1;
        }
        return low;
    }

    private StoredEvent At(long place) => _ring[place % eventsMost]!;

    private void Clear(Position floor)
    {
        Array.Clear(_ring);
        (_first, _next, _bytes, _floor) = (0, 0, 0, floor);
    }

    private void DropFirst()
    {
        var first = At(_first);
        _ring[_first++ % eventsMost] = null;
        (_bytes, _floor) = (_bytes - Size(first), first.Position);
    }

    private static int Size(StoredEvent item) => item.Data.Length + item.Metadata.Length;
}
