using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// Carries the log over into the file, beside the writer. Done by the writer itself, as SQLite has it, every commit that waits
/// meanwhile takes as long: 90 ms for 64 MiB.
/// </summary>
/// <remarks>
/// A log begins anew only if all of it is carried over when a transaction begins, which never happens beside a writer who always
/// writes. So the last part, what was written during the part before, is left to the writer between two transactions: <see
/// cref="IsNearlyDone"/>.
/// </remarks>
internal sealed class CarryOver : IDisposable
{
    private readonly int _logBytes;
    private readonly long _pageBytes;
    private readonly SqliteConnection _connection;
    private readonly Statement _carry;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private int _written;
    private bool _isDue, _isClosing;
    private volatile bool _isNearlyDone;

    public CarryOver(SqliteStreamsSettings settings)
    {
        _logBytes = settings.LogBytes;
        _connection = Database.OpenForCarryingOver(settings.Path);
        _pageBytes = Database.PageSize(_connection);
        _carry = new(_connection, "PRAGMA wal_checkpoint(PASSIVE)");
        _thread = new Thread(Run) { Name = "streams log", IsBackground = true };
        _thread.Start();
    }

    /// <summary>True once after only a little is left to be carried over: the writer's turn.</summary>
    public bool IsNearlyDone()
    {
        if (!_isNearlyDone) return false;
        _isNearlyDone = false;
        return true;
    }

    /// <summary>
    /// Counts, about, what a commit with so many bytes of events writes: pages that are not full, and some beside the events. Every
    /// quarter of a log is carried over by itself: a short sync each.
    /// </summary>
    public void Written(int bytes)
    {
        _written += 2 * (int)_pageBytes + bytes + bytes / 4;
        if (_written < _logBytes / 4) return;
        _written = 0;
        lock (_gate)
        {
            _isDue = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosing = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        _carry.Dispose();
        _connection.Dispose();
    }

    private void Run()
    {
        while (IsDue())
            try
            {
                if (Carry() * _pageBytes < _logBytes) continue;
                Carry(); // what was written meanwhile
                _isNearlyDone = true;
            }
            catch (SqliteException)
            {
                // the log stays, and is tried again with the next quarter: whatever is wrong with the disk, appends tell
            }
    }

    private bool IsDue()
    {
        lock (_gate)
        {
            while (!_isDue && !_isClosing) Monitor.Wait(_gate);
            _isDue = false;
            return !_isClosing;
        }
    }

    /// <summary>Returns how many pages the log has.</summary>
    private long Carry()
    {
        var pages = _carry.Step() ? _carry.Number(column: 1) : 0;
        _carry.Reset();
        return pages;
    }
}
