using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// What happens inside a write transaction. The last revision of recent streams is kept in memory, so that an append reads nothing;
/// another process's commit, seen by SQLite's data_version once the write lock is held, makes it forget all of that.
/// </summary>
internal sealed class WriteConnection : IDisposable
{
    private const long Unknown = -1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SqliteConnection _connection;
    private readonly Statement _begin, _commit, _rollback, _dataVersion, _lastPosition;
    private readonly Statement _head, _addStream, _type, _addType, _addEvent, _stored, _saveSnapshot, _deleteSnapshot;
    private readonly Recent<string, (long Stream, long Revision)> _heads;
    private readonly Dictionary<string, long> _types = new(StringComparer.Ordinal);
    private long _seenVersion = Unknown;
    private long _position;

    public WriteConnection(SqliteStreamsSettings settings)
    {
        _connection = Database.OpenWriter(settings.Path);
        _heads = new(settings.RecentStreams);
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _dataVersion = Prepare("PRAGMA data_version");
        _lastPosition = Prepare("SELECT max(position) FROM events");
        _head = Prepare("SELECT id, (SELECT max(revision) FROM events WHERE stream = streams.id) FROM streams WHERE name = ?");
        _addStream = Prepare("INSERT INTO streams(name) VALUES (?) RETURNING id");
        _type = Prepare("SELECT id FROM types WHERE name = ?");
        _addType = Prepare("INSERT INTO types(name) VALUES (?) RETURNING id");
        _addEvent = Prepare("INSERT INTO events(position, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)");
        _stored = Prepare("SELECT id, position FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?");
        _saveSnapshot = Prepare("REPLACE INTO snapshots(stream, revision, version, data) VALUES (?, ?, ?, ?)");
        _deleteSnapshot = Prepare("DELETE FROM snapshots WHERE stream = ?");
    }

    /// <summary>Takes the write lock of the file and learns whether another process wrote since.</summary>
    public void Begin()
    {
        TakeLock();
        var version = _dataVersion.Number(none: 0);
        if (version == _seenVersion)
            return;
        Forget();
        _position = _lastPosition.Number(none: 0);
        _seenVersion = version;
    }

    /// <summary>Returns once the log is fsynced: see <see cref="Database.OpenWriter"/>.</summary>
    public void Commit() => _commit.Run();

    public void Rollback()
    {
        Forget();
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            _rollback.Run();
    }

    /// <summary>Appends, or finds that exactly this was appended, or returns null with the revision the stream is at.</summary>
    public Appended? Append(string name, long expectedRevision, IReadOnlyList<NewEvent> events, out long actualRevision)
    {
        var (stream, revision) = Head(name);
        actualRevision = revision;
        if (revision != expectedRevision)
            return revision > expectedRevision ? AlreadyStored(stream, expectedRevision, events) : null;
        if (stream == Unknown)
            stream = _addStream.Bind(1, name).Number(none: Unknown);
        for (var i = 0; i < events.Count; i++)
            AddEvent(stream, ++revision, events[i]);
        _heads.Set(name, (stream, revision));
        return new Appended(revision, At(_position));
    }

    public void SaveSnapshot(string stream, Snapshot? snapshot)
    {
        if (snapshot is null)
            _deleteSnapshot.Bind(1, stream).Run();
        else
            _saveSnapshot.Bind(1, stream).Bind(2, snapshot.Revision).Bind(3, snapshot.Version).Bind(4, snapshot.Data.Span).Run();
    }

    /// <summary>The value of a PRAGMA of this very connection.</summary>
    public string Setting(string pragma)
    {
        using var statement = Prepare($"PRAGMA {pragma}");
        var value = statement.Step() ? statement.Text(0) : "";
        statement.Reset();
        return value;
    }

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            _begin, _commit, _rollback, _dataVersion, _lastPosition, _head, _addStream, _type, _addType, _addEvent, _stored,
            _saveSnapshot, _deleteSnapshot,
        })
            statement.Dispose();
        _connection.Dispose();
    }

    public static Position At(long position) => new((ulong)position, (ulong)position);

    private void TakeLock()
    {
        for (var started = Stopwatch.GetTimestamp(); !_begin.TryRun();)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"another process has held the file's write lock for {Patience.TotalSeconds} s");
#pragma warning disable RS0030 // a lock of another process has no event to wait for, and SQLite's own wait may sleep whole seconds
            Thread.Sleep(1);
#pragma warning restore RS0030
        }
    }

    private (long Stream, long Revision) Head(string name)
    {
        if (_heads.TryGet(name, out var head))
            return head;
        if (!_head.Bind(1, name).Step())
            return (Unknown, Revisions.None);
        head = (_head.Number(column: 0), _head.Number(column: 1));
        _head.Reset();
        _heads.Set(name, head);
        return head;
    }

    private void AddEvent(long stream, long revision, NewEvent item)
    {
        _addEvent.Bind(1, ++_position).Bind(2, stream).Bind(3, revision).Bind(4, item.Id).Bind(5, TypeId(item.Type))
            .Bind(6, item.Data.Span).Bind(7, item.Metadata.Span).Run();
    }

    private long TypeId(string name)
    {
        if (_types.TryGetValue(name, out var id))
            return id;
        id = _type.Bind(1, name).Number(none: Unknown);
        if (id == Unknown)
            id = _addType.Bind(1, name).Number(none: Unknown);
        return _types[name] = id;
    }

    private Appended? AlreadyStored(long stream, long expectedRevision, IReadOnlyList<NewEvent> events)
    {
        _stored.Bind(1, stream).Bind(2, expectedRevision).Bind(3, events.Count);
        var (same, position) = (0, 0L);
        while (_stored.Step())
        {
            if (new Guid(_stored.Bytes(0)) != events[same].Id)
                break;
            (same, position) = (same + 1, _stored.Number(column: 1));
        }
        _stored.Reset();
        return same == events.Count ? new Appended(expectedRevision + same, At(position)) : null;
    }

    private void Forget()
    {
        _seenVersion = Unknown;
        _heads.Clear();
        _types.Clear();
    }

    private Statement Prepare(string sql) => new(_connection, sql);
}
