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
    private readonly Lock _begins;
    private readonly Statement _begin, _commit, _rollback, _dataVersion;
    private readonly Statement _lastPlaced, _addStream, _type, _addType, _addEvent, _position, _id, _saveSnapshot, _deleteSnapshot, _carryOver;
    private readonly Unplaced _unplaced;
    private readonly StreamPlaces _places;
    private readonly Placing _placing;
    private readonly Recent<string, (long Stream, long Revision)> _heads;
    private readonly Dictionary<string, long> _types = new(StringComparer.Ordinal);
    private readonly List<StoredEvent> _added = [];
    private readonly List<Place> _addedAt = [];
    private long _seenVersion = Unknown;
    private long _last;

    public WriteConnection(SqliteStreamsSettings settings, Unplaced unplaced, Lock begins)
    {
        _connection = Database.OpenWriter(settings.Path, settings.LogBytes);
        (_unplaced, _begins) = (unplaced, begins);
        _places = new(_connection, unplaced);
        _placing = new(_connection, unplaced, settings.PlacedAtOnce);
        _heads = new(settings.RecentStreams);
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _dataVersion = Prepare("PRAGMA data_version");
        _lastPlaced = Prepare("SELECT max(revision) FROM places WHERE stream = ?");
        _addStream = Prepare("INSERT INTO streams(name) VALUES (?) RETURNING id");
        _type = Prepare("SELECT id FROM types WHERE name = ?");
        _addType = Prepare("INSERT INTO types(name) VALUES (?) RETURNING id");
        _addEvent = Prepare("INSERT INTO events(position, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)");
        _position = Prepare("SELECT position FROM places WHERE stream = ? AND revision = ?");
        _id = Prepare("SELECT id FROM events WHERE position = ?");
        _saveSnapshot = Prepare("REPLACE INTO snapshots(stream, revision, version, data) VALUES (?, ?, ?, ?)");
        _carryOver = Prepare("PRAGMA wal_checkpoint(PASSIVE)");
        _deleteSnapshot = Prepare("DELETE FROM snapshots WHERE stream = ?");
    }

    /// <summary>The events of this transaction, or of the last one, in order.</summary>
    public IReadOnlyList<StoredEvent> Added => _added;

    /// <summary>Takes the write lock of the file and learns whether another process wrote since.</summary>
    public void Begin()
    {
        _added.Clear();
        _addedAt.Clear();
        TakeLock();
        var version = _dataVersion.Number(none: 0);
        if (version == _seenVersion)
            return;
        Forget();
        _last = _places.Refresh();
        _seenVersion = version;
    }

    /// <summary>Returns once the log is fsynced: see <see cref="Database.OpenWriter"/>.</summary>
    public void Commit()
    {
        _placing.Some(_addedAt.Count);
        lock (_begins) _commit.Run(); // see ReadConnection
        _unplaced.Add(_addedAt, _last);
        _placing.Committed();
    }

    /// <summary>Carries the rest of the log over, between two transactions: the next one begins it anew, if nobody reads in it.</summary>
    public void CarryOver() => _carryOver.Run();

    public void Rollback()
    {
        Forget();
        _placing.Restart();
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
            AddEvent(stream, name, ++revision, events[i]);
        _heads.Set(name, (stream, revision));
        return new Appended(revision, At(_last));
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
            _begin, _commit, _rollback, _dataVersion, _lastPlaced, _addStream, _type, _addType, _addEvent, _position, _id,
            _saveSnapshot, _deleteSnapshot, _carryOver,
        })
            statement.Dispose();
        _places.Dispose();
        _placing.Dispose();
        _connection.Dispose();
    }

    public static Position At(long position) => new((ulong)position, (ulong)position);

    private void TakeLock()
    {
        for (var started = Stopwatch.GetTimestamp(); !TryTakeLock();)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"another process has held the file's write lock for {Patience.TotalSeconds} s");
#pragma warning disable RS0030 // a lock of another process has no event to wait for, and SQLite's own wait may sleep whole seconds
            Thread.Sleep(1);
#pragma warning restore RS0030
        }
    }

    private bool TryTakeLock()
    {
        lock (_begins) return _begin.TryRun();
    }

    private (long Stream, long Revision) Head(string name)
    {
        if (_heads.TryGet(name, out var head))
            return head;
        var stream = _places.StreamOf(name);
        if (stream == 0)
            return (Unknown, Revisions.None);
        head = (stream, _unplaced.Of(stream, Direction.Backwards, Revisions.End, 1).Places is [var newest] ? newest.Revision : _lastPlaced.Bind(1, stream).Number(Revisions.None));
        _heads.Set(name, head);
        return head;
    }

    private void AddEvent(long stream, string name, long revision, NewEvent item)
    {
        _addEvent.Bind(1, ++_last).Bind(2, stream).Bind(3, revision).Bind(4, item.Id).Bind(5, TypeId(item.Type))
            .Bind(6, item.Data.Span).Bind(7, item.Metadata.Span).Run();
        _added.Add(Copy(name, revision, item));
        _addedAt.Add(new(stream, revision, _last));
    }

    // a copy: the caller's buffers are the caller's to reuse
    private StoredEvent Copy(string name, long revision, NewEvent item)
    {
        var (bytes, size) = (new byte[item.Data.Length + item.Metadata.Length], item.Data.Length);
        item.Data.CopyTo(bytes);
        item.Metadata.CopyTo(bytes.AsMemory(size));
        return new(name, revision, At(_last), item.Id, item.Type, bytes.AsMemory(0, size), bytes.AsMemory(size)) { Value = item.Value };
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
        var (newest, position) = (_unplaced.Of(stream, Direction.Forwards, expectedRevision + 1, events.Count).Places, 0L);
        newest.AddRange(_addedAt.Where(place => place.Stream == stream));
        for (var i = 0; i < events.Count; i++)
        {
            position = PositionOf(stream, expectedRevision + 1 + i, newest);
            if (IdAt(position) != events[i].Id)
                return null;
        }
        return new Appended(expectedRevision + events.Count, At(position));
    }

    /// <summary>0 if there is none.</summary>
    private long PositionOf(long stream, long revision, List<Place> newest) =>
        newest.Find(place => place.Revision == revision) is { Position: > 0 } found
            ? found.Position
            : _position.Bind(1, stream).Bind(2, revision).Number(none: 0);

    private Guid? IdAt(long position)
    {
        Guid? id = _id.Bind(1, position).Step() ? new Guid(_id.Bytes(0)) : null;
        _id.Reset();
        return id;
    }

    private void Forget()
    {
        _seenVersion = Unknown;
        _heads.Clear();
        _types.Clear();
    }

    private Statement Prepare(string sql) => new(_connection, sql);
}
