using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// The event store in one SQLite file: nothing to install, every acknowledged append fsynced, tens of thousands of them a second
/// through group commit. Several processes of one machine may use the file at once; a network file system will not do.
/// </summary>
public sealed class SqliteStreams : IEventStreams, IAsyncDisposable
{
    private const int ReadersKept = 8;

    private readonly SqliteStreamsSettings _settings;
    private readonly TimeProvider _time;
    private readonly PacedWakeup _wakeup;
    private readonly Tail _tail;
    private readonly Unplaced _unplaced = new();
    private readonly Lock _begins = new();
    private readonly GroupCommit _writer;
    private readonly ConcurrentBag<ReadConnection> _readers = [];
    private readonly ReadConnection _watched;
    private readonly ITimer _watch;
    private readonly Lock _watching = new();
    private long _seenVersion;
    private volatile bool _closed;

    /// <exception cref="InvalidOperationException">The file was written by a newer version of the product.</exception>
    /// <exception cref="SqliteException">The file cannot be opened, or is none of SQLite's.</exception>
    public SqliteStreams(SqliteStreamsSettings settings, TimeProvider time)
    {
        (_settings, _time, _wakeup) = (settings, time, new(settings.SubscribersPace));
        _tail = new Tail(settings.TailEvents, settings.TailBytes);
        _writer = new GroupCommit(settings, _unplaced, _begins, Committed);
        _watched = new ReadConnection(settings, _unplaced, _begins);
        _watch = time.CreateTimer(_ => LookForOthersWrites(), null, settings.OtherProcessesPoll, settings.OtherProcessesPoll);
    }

    public async Task<Appended> Append(
        string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        var bytes = Appends.Check(stream, expectedRevision, events);
        cancellation.ThrowIfCancellationRequested();
        var work = new AppendWork(stream, expectedRevision, events, bytes);
        return await _writer.Do(work).WaitAsync(cancellation).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<StoredEvent> Read(string stream, Direction direction, long from, int limit = int.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        while (limit > 0 && from >= 0)
        {
            var (start, most) = (from, Math.Min(limit, Following.PageEvents));
            var (page, areLast) = await OnReader(reader => reader.Page(stream, direction, start, most), cancellation).ConfigureAwait(false);
            foreach (var item in page)
                yield return item;
            if (areLast)
                yield break;
            limit -= page.Count;
            from = page[^1].Revision + (direction == Direction.Forwards ? 1 : -1);
        }
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation)
    {
        Following.CheckPrefixes(prefixes);
        return Following.Follow(after, position => Page(position, prefixes, cancellation), _wakeup.Wakeup, cancellation);
    }

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) =>
        _writer.Do(new SnapshotWork(stream, snapshot)).WaitAsync(cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) =>
        OnReader(reader => reader.Snapshot(stream), cancellation);

    /// <summary>This machine's clock: the file is on it.</summary>
    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => Task.FromResult(_time.GetUtcNow());

    /// <summary>A PRAGMA as the writing connection has it: <c>synchronous</c> answers 2, FULL.</summary>
    public Task<string> WriterSetting(string pragma)
    {
        if (!pragma.All(letter => char.IsAsciiLetter(letter) || letter == '_'))
            throw new ArgumentException($"'{pragma}' is not the name of a setting", nameof(pragma));
        return _writer.Do(new SettingWork(pragma));
    }

    /// <summary>Finishes the appends that wait, ends the subscriptions and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        _wakeup.WakeNow();
        await _watch.DisposeAsync().ConfigureAwait(false);
        lock (_watching)
            _watched.Dispose();
        while (_readers.TryTake(out var reader))
            reader.Dispose();
        await _writer.DisposeAsync().ConfigureAwait(false);
        _wakeup.Dispose();
    }

    /// <summary>Pages are read on the pool: SQLite waits for the disk in the calling thread, and that should not be the caller's.</summary>
    private Task<T> OnReader<T>(Func<ReadConnection, T> read, CancellationToken cancellation) => Task.Run(() =>
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        ReadConnection? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
                reader = new ReadConnection(_settings, _unplaced, _begins);
            var result = read(reader);
            GiveBack(reader);
            return result;
        }
        catch (SqliteException failure)
        {
            reader?.Dispose();
            throw new StreamsUnavailableException($"the event store cannot read: {failure.Message}", outcomeUnknown: false, failure);
        }
    }, cancellation);

    private void GiveBack(ReadConnection reader)
    {
        if (_readers.Count >= ReadersKept)
            reader.Dispose();
        else
            _readers.Add(reader);
        if (_closed && _readers.TryTake(out var late))
            late.Dispose();
    }

    private Task<EventBatch> Page(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        _tail.Page(after, prefixes) is { } newest
            ? Task.FromResult(newest)
            : OnReader(reader => reader.Page(after, prefixes), cancellation);

    private void Committed(IReadOnlyList<StoredEvent> added)
    {
        if (added.Count == 0) return;
        var before = WriteConnection.At((long)added[0].Position.Commit - 1);
        _tail.Add(before, added, added[^1].Position);
        _wakeup.Wake();
    }

    /// <summary>Own commits wake the subscribers at once; only those of other processes have to be looked for.</summary>
    private void LookForOthersWrites()
    {
        lock (_watching)
            if (_closed || !Changed())
                return;
        _wakeup.Wake();
    }

    private bool Changed()
    {
        try
        {
            var seen = _seenVersion;
            return (_seenVersion = _watched.DataVersion()) != seen;
        }
        catch (SqliteException)
        {
            // a timer has nobody to tell: the subscribers look for themselves and meet the same failure
            return true;
        }
    }
}
