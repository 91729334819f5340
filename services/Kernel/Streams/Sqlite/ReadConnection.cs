using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// A connection that reads pages, used by one thread at a time. It sees only what is committed, so durable, and never waits for the writer.
/// </summary>
internal sealed class ReadConnection : IDisposable
{
    private const string Columns = "SELECT stream, revision, position, id, type, data, metadata FROM events";

    /// <summary>A page ends early here, so that a thousand events of a megabyte do not come at once.</summary>
    private const int PageBytes = 4 << 20;

    private readonly SqliteConnection _connection;
    private readonly Statement _stream, _forwards, _backwards, _all, _streamName, _typeName, _snapshot, _dataVersion;
    private readonly Recent<long, string> _streamNames;
    private readonly Dictionary<long, string> _typeNames = [];

    public ReadConnection(SqliteStreamsSettings settings)
    {
        _connection = Database.OpenReader(settings.Path);
        _streamNames = new(settings.RecentStreams);
        _stream = new(_connection, "SELECT id FROM streams WHERE name = ?");
        _forwards = new(_connection, $"{Columns} WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?");
        _backwards = new(_connection, $"{Columns} WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?");
        _all = new(_connection, $"{Columns} WHERE position > ? ORDER BY position LIMIT ?");
        _streamName = new(_connection, "SELECT name FROM streams WHERE id = ?");
        _typeName = new(_connection, "SELECT name FROM types WHERE id = ?");
        _snapshot = new(_connection, "SELECT revision, version, data FROM snapshots WHERE stream = ?");
        _dataVersion = new(_connection, "PRAGMA data_version");
    }

    /// <summary>Changes with every commit of any other connection.</summary>
    public long DataVersion() => _dataVersion.Number(none: 0);

    /// <summary>At least one event if there is one at or beyond <paramref name="from"/>.</summary>
    public List<StoredEvent> Page(string name, Direction direction, long from, int limit)
    {
        var found = new List<StoredEvent>();
        var stream = _stream.Bind(1, name).Number(none: 0);
        var page = direction == Direction.Forwards ? _forwards : _backwards;
        page.Bind(1, stream).Bind(2, from).Bind(3, limit);
        for (var bytes = 0; bytes < PageBytes && page.Step(); bytes += Size(found[^1]))
            found.Add(Event(page, name));
        page.Reset();
        return found;
    }

    public EventBatch Page(Position after, IReadOnlyList<string> prefixes)
    {
        var found = new List<StoredEvent>();
        var (upto, read, bytes, more) = (after, 0, 0, true);
        _all.Bind(1, (long)after.Commit).Bind(2, Following.PageEvents);
        while (bytes < PageBytes && (more = _all.Step()))
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
        if (!_snapshot.Bind(1, stream).Step())
            return null;
        var snapshot = new Snapshot(_snapshot.Number(column: 0), _snapshot.Text(1), _snapshot.Bytes(2).ToArray());
        _snapshot.Reset();
        return snapshot;
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _stream, _forwards, _backwards, _all, _streamName, _typeName, _snapshot, _dataVersion })
            statement.Dispose();
        _connection.Dispose();
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
}
