namespace Metering.Contracts.Tests;

/// <summary>The system's time, but timers fire at once; how long they should have taken is kept.</summary>
internal sealed class HurriedTime : TimeProvider
{
    public List<TimeSpan> Pauses { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Pauses.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
