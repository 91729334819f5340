using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// A connection that reads pages, used by one thread at a time. It sees only what is committed, so durable, and never waits for the writer.
/// </summary>
internal sealed class ReadConnection : IDisposable
{
    private const string Columns = "SELECT e.stream, e.revision, e.position, e.id, e.type, e.data, e.metadata FROM ";
    private const string Placed = Columns + "places p JOIN events e ON e.position = p.position WHERE p.stream = ? AND p.revision ";

    private readonly SqliteConnection _connection;
    private readonly Lock _begins;
    private readonly Statement _begin, _start, _end, _forwards, _backwards, _one, _all, _streamName, _typeName, _snapshot, _dataVersion;
    private readonly StreamPlaces _places;
    private readonly Recent<long, string> _streamNames;
    private readonly Dictionary<long, string> _typeNames = [];

    /// <param name="settings">Of the store.</param>
    /// <param name="unplaced">What the table of places does not have yet.</param>
    /// <param name="begins">
    /// Held while a transaction of this process begins or commits. SQLite begins a read anew where a commit came in between, and, at
    /// the sixth time, this engine sleeps a whole second: see infra/Bench/NOTES.md.
    /// </param>
    public ReadConnection(SqliteStreamsSettings settings, Unplaced unplaced, Lock begins)
    {
        _begins = begins;
        _connection = Database.OpenReader(settings.Path);
        _places = new(_connection, unplaced);
        _streamNames = new(settings.RecentStreams);
        _begin = new(_connection, "BEGIN");
        _start = new(_connection, "SELECT upto FROM placed");
        _end = new(_connection, "COMMIT");
        _forwards = new(_connection, $"{Placed} >= ? AND p.revision < ? ORDER BY p.revision LIMIT ?");
        _backwards = new(_connection, $"{Placed} <= ? AND p.revision < ? ORDER BY p.revision DESC LIMIT ?");
        _one = new(_connection, $"{Columns} events e WHERE e.position = ?");
        _all = new(_connection, $"{Columns} events e WHERE e.position > ? ORDER BY e.position LIMIT ?");
        _streamName = new(_connection, "SELECT name FROM streams WHERE id = ?");
        _typeName = new(_connection, "SELECT name FROM types WHERE id = ?");
        _snapshot = new(_connection, "SELECT revision, version, data FROM snapshots WHERE stream = ?");
        _dataVersion = new(_connection, "PRAGMA data_version");
    }

    /// <summary>Changes with every commit of any other connection.</summary>
    public long DataVersion()
    {
        lock (_begins) return _dataVersion.Number(none: 0);
    }

    /// <summary>At least one event if there is one at or beyond <paramref name="from"/>, and whether these are the last.</summary>
    public (List<StoredEvent> Events, bool AreLast) Page(string name, Direction direction, long from, int limit)
    {
        var page = new Filling(limit);
        var (stream, newest, newestFrom) = Begin(name, direction, from, limit);
        if (direction == Direction.Forwards)
        {
            AddPlaced(page, _forwards, name, stream, from, newestFrom);
            AddNewest(page, name, newest);
        }
        else
        {
            AddNewest(page, name, newest.AsEnumerable().Reverse());
            AddPlaced(page, _backwards, name, stream, from, newestFrom);
        }
        _end.Run();
        return (page.Events, AreLast: !page.IsFull);
    }

    /// <summary>
    /// Begins a transaction that sees the file as it is now, and finds what its table of places does not have. That is asked before:
    /// what was placed in between would be in neither.
    /// </summary>
    private (long Stream, List<Place> Newest, long NewestFrom) Begin(string name, Direction direction, long from, int limit)
    {
        lock (_begins)
        {
            var stream = _places.StreamOf(name);
            var (newest, newestFrom) = _places.Newest(stream, direction, from, limit);
            _begin.Run();
            _start.Run();
            return (stream, newest, newestFrom);
        }
    }

    public EventBatch Page(Position after, IReadOnlyList<string> prefixes)
    {
        var found = new List<StoredEvent>();
        var (upto, read, bytes, more) = (after, 0, 0, true);
        _all.Bind(1, (long)after.Commit).Bind(2, Following.PageEvents);
        lock (_begins) more = _all.Step();
        for (; more && bytes < Following.PageBytes; more = _all.Step())
        {
            (upto, read) = (WriteConnection.At(_all.Number(column: 2)), read + 1);
            var name = StreamName(_all.Number(column: 0));
            if (!Following.Matches(name, prefixes))
                continue;
            found.Add(Event(_all, name));
            bytes += Size(found[^1]);
        }
        _all.Reset();
        return new EventBatch(found, upto, CaughtUp: !more && read < Following.PageEvents);
    }

    public Snapshot? Snapshot(string stream)
    {
        lock (_begins)
            if (!_snapshot.Bind(1, stream).Step())
                return null;
        var snapshot = new Snapshot(_snapshot.Number(column: 0), _snapshot.Text(1), _snapshot.Bytes(2).ToArray());
        _snapshot.Reset();
        return snapshot;
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _begin, _start, _end, _forwards, _backwards, _one, _all, _streamName, _typeName, _snapshot, _dataVersion })
            statement.Dispose();
        _places.Dispose();
        _connection.Dispose();
    }

    private void AddPlaced(Filling page, Statement rows, string name, long stream, long from, long below)
    {
        rows.Bind(1, stream).Bind(2, from).Bind(3, below).Bind(4, page.Room);
        while (!page.IsFull && rows.Step()) page.Add(Event(rows, name));
        rows.Reset();
    }

    private void AddNewest(Filling page, string name, IEnumerable<Place> places)
    {
        foreach (var place in places)
        {
            if (page.IsFull) return;
            if (_one.Bind(1, place.Position).Step()) page.Add(Event(_one, name));
            _one.Reset();
        }
    }

    private StoredEvent Event(Statement row, string stream) => new(
        stream, row.Number(column: 1), WriteConnection.At(row.Number(column: 2)), new Guid(row.Bytes(3)), TypeName(row.Number(column: 4)),
        row.Bytes(5).ToArray(), row.Bytes(6).ToArray());

    private string StreamName(long id)
    {
        if (!_streamNames.TryGet(id, out var name))
            _streamNames.Set(id, name = Name(_streamName, id));
        return name;
    }

    private string TypeName(long id)
    {
        if (!_typeNames.TryGetValue(id, out var name))
            _typeNames[id] = name = Name(_typeName, id);
        return name;
    }

    private static string Name(Statement statement, long id)
    {
        statement.Bind(1, id).Step();
        var name = statement.Text(0);
        statement.Reset();
        return name;
    }

    private static int Size(StoredEvent item) => item.Data.Length + item.Metadata.Length;

    /// <summary>A page as it fills.</summary>
    private sealed class Filling(int limit)
    {
        private int bytes;

        public List<StoredEvent> Events { get; } = [];
        public int Room => limit - Events.Count;
        public bool IsFull => Room <= 0 || bytes >= Following.PageBytes;

        public void Add(StoredEvent item)
        {
            Events.Add(item);
            bytes += Size(item);
        }
    }
}
