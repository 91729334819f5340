using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// Brings the table <c>places</c> up to what was appended: thousands of events at a time, sorted by stream, a few with each commit so that no
/// commit is long. A crash in between costs nothing: what was begun is placed again, to the same effect.
/// </summary>
internal sealed class Placing(SqliteConnection connection, Unplaced unplaced, int slice) : IDisposable
{
    /// <summary>With each commit, at least.</summary>
    private const int Least = 64;

    private readonly Statement _place = new(connection, "INSERT OR IGNORE INTO places(stream, revision, position) VALUES (?, ?, ?)");
    private readonly Statement _upto = new(connection, "UPDATE placed SET upto = max(upto, ?)");
    private Place[] _sorted = [];
    private int _done;
    private long _end;

    /// <summary>Places twice as many as were appended, so that it keeps up; inside a transaction.</summary>
    public void Some(int appended)
    {
        if (_sorted.Length == 0 && !TryBegin()) return;
        for (var upto = Math.Min(_sorted.Length, _done + Math.Max(Least, 2 * appended)); _done < upto; _done++)
            _place.Bind(1, _sorted[_done].Stream).Bind(2, _sorted[_done].Revision).Bind(3, _sorted[_done].Position).Run();
        if (_done == _sorted.Length) _upto.Bind(1, _end).Run();
    }

    /// <summary>After the commit.</summary>
    public void Committed()
    {
        if (_sorted.Length == 0 || _done < _sorted.Length) return;
        unplaced.Drop(_end);
        Begin([]);
    }

    /// <summary>After a commit that failed: none of the slice may have got into the table.</summary>
    public void Restart() => Begin([]);

    public void Dispose()
    {
        _place.Dispose();
        _upto.Dispose();
    }

    private bool TryBegin()
    {
        if (unplaced.First(slice) is not var (sorted, upto)) return false;
        Begin(sorted);
        _end = upto;
        return true;
    }

    private void Begin(Place[] sorted) => (_sorted, _done) = (sorted, 0);
}
