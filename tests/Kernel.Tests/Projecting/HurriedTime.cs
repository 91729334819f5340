namespace Metering.Kernel.Tests.Projecting;

/// <summary>The system's time, but timers fire at once; how long they should have taken is kept.</summary>
internal sealed class HurriedTime : TimeProvider
{
    private readonly List<TimeSpan> _pauses = [];

    public TimeSpan[] Pauses
    {
        get
        {
            lock (_pauses)
                return [.. _pauses];
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // not a pause: it is set later, or never
        if (dueTime == Timeout.InfiniteTimeSpan)
            return base.CreateTimer(callback, state, dueTime, period);
        lock (_pauses)
            _pauses.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
    }
}
