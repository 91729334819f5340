using Metering.EventStoreDouble.Storage;

namespace Metering.EventStoreDouble.Reading;

/// <summary>A page of all streams: what matched, where it began, where to go on, how many records were looked at.</summary>
internal sealed record AllPage(IReadOnlyList<Recorded> Events, Place Current, Place Next, bool IsEnd, int Considered);

/// <summary>
/// Pages of the log. Deleted, truncated and superseded events are still there: only a scavenge removes them, and a double has none.
/// </summary>
internal static class AllPages
{
    /// <summary>From <paramref name="from"/>, inclusive; or null for a position that is none.</summary>
    public static AllPage? Forwards(Log log, Place from, int size, int window, Filter filter)
    {
        if (from.Commit > log.Last.Position) return new([], from, from, IsEnd: true, 0);
        if (!log.IsBoundary(from.Commit)) return null;
        var page = new Page(from, size, window, filter);
        for (var index = log.IndexOf(from.Commit); page.HasRoom && log.At(index) is { } record; index++)
            if (record.Place >= from)
                page.Take(record, new(record.End, 0));
        return page.Done();
    }

    /// <summary>What ends at <paramref name="from"/> or before; or null for a position that is none.</summary>
    public static AllPage? Backwards(Log log, Place from, int size, int window, Filter filter)
    {
        if (from == Place.Head) from = new(log.Last.End, log.Last.End);
        if (!log.IsBoundary(from.Commit)) return null;
        var page = new Page(from, size, window, filter);
        for (var index = log.IndexOf(from.Commit) - 1; page.HasRoom && index >= 0; index--)
            if (log.At(index) is { } record && new Place(record.End, record.End) <= from)
                page.Take(record, record.Place);
        return page.Done();
    }

    private sealed class Page(Place from, int size, int window, Filter filter)
    {
        private readonly List<Recorded> _events = [];
        private Place? _next;
        private int _considered;

        public bool HasRoom => _events.Count < size && _considered < window;

        public void Take(Recorded record, Place next)
        {
            _considered++;
            _next = next;
            if (filter.Takes(record)) _events.Add(record);
        }

        // a page that is full does not know whether it was the last
        public AllPage Done() => new(_events, from, _next ?? from, IsEnd: HasRoom, _considered);
    }
}
