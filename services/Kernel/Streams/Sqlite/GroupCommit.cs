using System.Threading.Channels;

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
    private readonly Channel<Work> _waiting;
    private readonly List<Work> _batch = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GroupCommit(SqliteStreamsSettings settings, Unplaced unplaced, Action<IReadOnlyList<StoredEvent>> committed)
    {
        (_settings, _committed) = (settings, committed);
        _connection = new WriteConnection(settings, unplaced);
        _waiting = Channel.CreateBounded<Work>(new BoundedChannelOptions(settings.PendingAppends) { SingleReader = true });
        new Thread(Run) { Name = "streams writer", IsBackground = true }.Start();
    }

    public Task<T> Do<T>(Work<T> work)
    {
        if (_waiting.Writer.TryWrite(work))
            return work.Done;
        throw new StreamsUnavailableException(
            _waiting.Reader.Completion.IsCompleted || _ended.Task.IsCompleted
                ? "the event store is closed"
                : $"the event store is overloaded: {_settings.PendingAppends} appends wait for the disk",
            outcomeUnknown: false);
    }

    /// <summary>Finishes what waits, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        while (Gather())
        {
            Write();
            _batch.Clear();
        }
        _connection.Dispose();
        _ended.SetResult();
    }

    private bool Gather()
    {
        var ready = _waiting.Reader.WaitToReadAsync();
        if (!(ready.IsCompleted ? ready.Result : ready.AsTask().GetAwaiter().GetResult()))
            return false;
        for (long bytes = 0; _batch.Count < _settings.BatchAppends && bytes < _settings.BatchBytes; bytes += _batch[^1].Bytes)
        {
            if (!_waiting.Reader.TryRead(out var work))
                break;
            _batch.Add(work);
        }
        return true;
    }

    private void Write()
    {
        var committing = false;
        try
        {
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
