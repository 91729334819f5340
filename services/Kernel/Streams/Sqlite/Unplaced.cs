namespace Metering.Kernel.Streams.Sqlite;

/// <summary>Where an event is: streams and positions as the file numbers them.</summary>
internal readonly record struct Place(long Stream, long Revision, long Position);

/// <summary>
/// The places of the newest events, which the table <c>places</c> does not have yet, by stream: one for this process's writer and readers.
/// </summary>
/// <remarks>
/// An index that every append keeps up to date costs a page of the log per event, because each stream is on a page of its own.
/// Placing thousands at once, sorted, costs a fraction of that, so the table follows at a distance (<see cref="Placing"/>) and this
/// holds the rest: some 50 bytes an event. Of a stream, later positions are later revisions, unless someone else wrote to the file.
/// </remarks>
internal sealed class Unplaced
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, List<Place>> _places = [];
    private long _placed, _known;

    /// <summary>Every event up to this position is placed or in here.</summary>
    public long Known
    {
        get { lock (_gate) return _known; }
    }

    /// <summary>Takes in what is committed, in order of the positions; what it knows already is skipped.</summary>
    public void Add(IReadOnlyList<Place> committed, long upto)
    {
        lock (_gate)
        {
            foreach (var place in committed)
                if (place.Position > _known) Add(place);
            _known = Math.Max(_known, upto);
        }
    }

    /// <summary>Forgets what is placed by now.</summary>
    public void Drop(long upto)
    {
        lock (_gate)
        {
            foreach (var (stream, places) in _places)
            {
                places.RemoveAll(place => place.Position <= upto);
                if (places.Count == 0) _places.Remove(stream);
            }
            (_placed, _known) = (Math.Max(_placed, upto), Math.Max(_known, upto));
        }
    }

    /// <summary>
    /// The first so many by position, if there are so many, in order of streams and revisions; and the position of the last of them.
    /// </summary>
    public (Place[] Sorted, long Upto)? First(int count)
    {
        lock (_gate)
        {
            var upto = _placed + count;
            if (upto > _known) return null;
            var (sorted, streams) = (new List<Place>(count), _places.Keys.ToArray());
            Array.Sort(streams);
            foreach (var stream in streams)
                sorted.AddRange(_places[stream].TakeWhile(place => place.Position <= upto));
            return ([.. sorted], upto);
        }
    }

    /// <summary>
    /// Those of a stream, in order, from a revision on (inclusive) forwards or backwards, at most so many; and the least revision of
    /// all of the stream's. What is in neither these nor the table was not there when this was asked.
    /// </summary>
    public (List<Place> Places, long? Least) Of(long stream, Direction direction, long from, int limit)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(stream, out var places)) return ([], null);
            var (least, most) = (places.Min(place => place.Revision), places.Max(place => place.Revision));
            var (low, high) = direction == Direction.Forwards ? (from, Above(from, limit)) : (Math.Min(from, most) - limit + 1, from);
            return (places.FindAll(place => place.Revision >= low && place.Revision <= high), least);
        }
    }

    private void Add(Place place)
    {
        if (!_places.TryGetValue(place.Stream, out var places)) _places[place.Stream] = places = [];
        places.Add(place);
    }

    private static long Above(long from, int limit) => from > long.MaxValue - limit ? long.MaxValue : from + limit - 1;
}
