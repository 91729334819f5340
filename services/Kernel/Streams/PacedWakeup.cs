using System.Diagnostics;

namespace Metering.Kernel.Streams;

/// <summary>
/// Wakes at once after a rest, and every pace while there is always something new: hundreds of commits a second would each wake
/// every subscriber for a handful of events, and what a batch costs besides its events would be most of what following costs.
/// </summary>
internal sealed class PacedWakeup : IDisposable
{
    private readonly TimeSpan _pace;
    private readonly Wakeup _wakeup = new();
    private readonly Lock _gate = new();
    private readonly Timer _later;
    private long _last;
    private bool _isDue;

    public PacedWakeup(TimeSpan pace)
    {
        _pace = pace;
        _later = new Timer(_ => WakeNow());
    }

    public Wakeup Wakeup => _wakeup;

    public void Wake()
    {
        lock (_gate)
        {
            if (_isDue) return;
            var rest = _pace - Stopwatch.GetElapsedTime(_last);
            _isDue = rest > TimeSpan.Zero;
            if (_isDue)
            {
                _later.Change(rest, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        WakeNow();
    }

    public void WakeNow()
    {
        lock (_gate) (_last, _isDue) = (Stopwatch.GetTimestamp(), false);
        _wakeup.Wake();
    }

    public void Dispose() => _later.Dispose();
}
