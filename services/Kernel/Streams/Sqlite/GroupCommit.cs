namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// The one thread that writes. What gathered while the last transaction was fsynced goes into the next one, so the cost of
/// the disk is shared by everyone who waits, over all streams: the more load, the larger the group.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private readonly SqliteStreamsSettings _settings;
    private readonly Action<IReadOnlyList<StoredEvent>> _committed;
    private readonly WriteConnection _connection;
    private readonly CarryOver _carryOver;
    private readonly object _gate = new();
    private readonly Queue<Work> _waiting = new();
    private readonly List<Work> _batch = [];
    private bool _closing;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GroupCommit(SqliteStreamsSettings settings, Unplaced unplaced, Lock begins, Action<IReadOnlyList<StoredEvent>> committed)
    {
        (_settings, _committed) = (settings, committed);
        _connection = new WriteConnection(settings, unplaced, begins);
        _carryOver = new CarryOver(settings);
        new Thread(Run) { Name = "streams writer", IsBackground = true }.Start();
    }

    public Task<T> Do<T>(Work<T> work)
    {
        lock (_gate)
        {
            if (_closing)
                throw new StreamsUnavailableException("the event store is closed", outcomeUnknown: false);
            if (_waiting.Count >= _settings.PendingAppends)
                throw new StreamsUnavailableException(
                    $"the event store is overloaded: {_settings.PendingAppends} appends wait for the disk", outcomeUnknown: false)
                {
                    IsOverloaded = true,
                };
            _waiting.Enqueue(work);
            if (_waiting.Count == 1)
                Monitor.Pulse(_gate);
        }
        return work.Done;
    }

    /// <summary>Finishes what waits, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        while (Gather())
        {
            Write();
            _batch.Clear();
        }
        _carryOver.Dispose();
        _connection.Dispose();
        _ended.SetResult();
    }

    // a monitor and no channel: waiting for a task spins first, and the processor is better used by those who are answered
    private bool Gather()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_closing)
                Monitor.Wait(_gate);
            for (long bytes = 0; _batch.Count < _settings.BatchAppends && bytes < _settings.BatchBytes; bytes += _batch[^1].Bytes)
            {
                if (!_waiting.TryDequeue(out var work))
                    break;
                _batch.Add(work);
            }
            return _batch.Count > 0;
        }
    }

    private void Write()
    {
        var committing = false;
        try
        {
            if (_carryOver.IsNearlyDone())
                _connection.CarryOver();
            _connection.Begin();
            foreach (var work in _batch)
                work.Do(_connection);
            committing = true;
            _connection.Commit();
        }
        catch (Exception failure)
        {
            Fail(new StreamsUnavailableException($"the event store cannot write: {failure.Message}", outcomeUnknown: committing, failure));
            return;
        }
        Answer();
        _carryOver.Written(_batch.Sum(work => work.Bytes));
    }

    private void Answer()
    {
        StreamsMeter.Commits.Add(1);
        StreamsMeter.Appends.Add(_batch.Count(work => work is AppendWork));
        _committed(_connection.Added);
        Answers.Leave(_batch, failure: null);
    }

    /// <summary>The whole group fails, the thread lives on: the disk may have room again, the next group finds out.</summary>
    private void Fail(StreamsUnavailableException reason)
    {
        try
        {
            _connection.Rollback();
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            // the next BEGIN fails and says why
        }
        Answers.Leave(_batch, reason);
    }
}
