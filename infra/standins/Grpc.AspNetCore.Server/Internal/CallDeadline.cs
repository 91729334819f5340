namespace Grpc.AspNetCore.Server.Internal;

// Ends a call that is still running when its time is up. Either the call ends itself or the deadline ends it, never both:
// the lock decides which came first.
internal sealed class CallDeadline : IAsyncDisposable
{
    // more than a timer can be set for (49 days) is waited for in parts
    private static readonly TimeSpan MaxDue = TimeSpan.FromDays(40);

    private readonly Lock _lock = new();
    private readonly ServerCall _call;
    private readonly ITimer _timer;
    private CancellationTokenSource? _cancellation;
    private CancellationTokenRegistration _aborted;
    private Task? _expiring;
    private bool _ended;

    public CallDeadline(ServerCall call, TimeSpan timeout)
    {
        _call = call;
        Deadline = TimeProvider.System.GetUtcNow().UtcDateTime + timeout;
        // set in a second step: the callback may run before the constructor has returned
        _timer = TimeProvider.System.CreateTimer(static state => ((CallDeadline)state!).OnTimer(), this,
            Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Due(timeout), Timeout.InfiniteTimeSpan);
    }

    public DateTime Deadline { get; }

    public bool Passed => Volatile.Read(ref _expiring) is not null;

    // made when asked for: most short calls never look
    public CancellationToken CancellationToken
    {
        get
        {
            lock (_lock) return (_cancellation ??= CreateCancellation()).Token;
        }
    }

    // False: the deadline was first, and its answer has been sent by now.
    public async ValueTask<bool> TryEndAsync()
    {
        lock (_lock)
        {
            _ended = true;
            if (_expiring is null) return true;
        }
        await _expiring;
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _aborted.DisposeAsync();
        _cancellation?.Dispose();
    }

    // a little late rather than early: a timer that fires before the clock says so would have to be set again
    private static TimeSpan Due(TimeSpan left) =>
        left >= MaxDue ? MaxDue : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, left.TotalMilliseconds)));

    private CancellationTokenSource CreateCancellation()
    {
        var cancellation = new CancellationTokenSource();
        if (_ended || _expiring is { IsCompleted: true }) cancellation.Cancel();
        else _aborted = _call.Http.RequestAborted.UnsafeRegister(static c => ((CancellationTokenSource)c!).Cancel(), cancellation);
        return cancellation;
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_ended || _expiring is not null) return;
            var left = Deadline - TimeProvider.System.GetUtcNow().UtcDateTime;
            if (left > TimeSpan.Zero) _timer.Change(Due(left), Timeout.InfiniteTimeSpan);
            else _expiring = Task.Run(ExpireAsync);
        }
    }

    private async Task ExpireAsync()
    {
        try
        {
            await _call.ExpireAsync();
        }
        catch (Exception e)
        {
            Log.DeadlineFailed(_call.Settings.Logger, e);
        }
        finally
        {
            Cancel();
        }
    }

    // What handlers do on cancellation is their own, and their exceptions must not keep the call from ending.
    private void Cancel()
    {
        CancellationTokenSource cancellation;
        lock (_lock) cancellation = _cancellation ??= new CancellationTokenSource();
        try
        {
            cancellation.Cancel();
        }
        catch (AggregateException e)
        {
            Log.DeadlineFailed(_call.Settings.Logger, e);
        }
    }
}
