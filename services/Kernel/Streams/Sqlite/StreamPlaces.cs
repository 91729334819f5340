using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>Finds the events of a stream over one connection: in the table <c>places</c> and in what it does not have yet.</summary>
internal sealed class StreamPlaces(SqliteConnection connection, Unplaced unplaced) : IDisposable
{
    private readonly Statement _last = new(connection, "SELECT max(position) FROM events");
    private readonly Statement _placed = new(connection, "SELECT upto FROM placed");
    private readonly Statement _newer = new(connection, "SELECT stream, revision, position FROM events WHERE position > ? ORDER BY position");
    private readonly Statement _stream = new(connection, "SELECT id FROM streams WHERE name = ?");

    /// <summary>0 for a stream that does not exist.</summary>
    public long StreamOf(string name) => _stream.Bind(1, name).Number(none: 0);

    /// <summary>Learns of what other processes appended and placed. Returns the last position there is.</summary>
    public long Refresh()
    {
        var last = _last.Number(none: 0);
        if (last <= unplaced.Known) return last;
        unplaced.Drop(_placed.Number(none: 0));
        var newer = new List<Place>();
        _newer.Bind(1, unplaced.Known);
        while (_newer.Step()) newer.Add(new(_newer.Number(0), _newer.Number(1), _newer.Number(2)));
        if (newer.Count > 0) unplaced.Add(newer, newer[^1].Position);
        return last;
    }

    /// <inheritdoc cref="Unplaced.Of"/>
    public (List<Place> Places, long Least) Newest(long stream, Direction direction, long from, int limit)
    {
        Refresh();
        var (newest, least) = unplaced.Of(stream, direction, from, limit);
        for (var i = 1; i < newest.Count; i++)
            if (newest[i].Revision <= newest[i - 1].Revision) // someone else wrote to the file
                return ([.. newest.OrderBy(place => place.Revision)], least!.Value);
        return (newest, least ?? long.MaxValue);
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _last, _placed, _newer, _stream })
            statement.Dispose();
    }
}
