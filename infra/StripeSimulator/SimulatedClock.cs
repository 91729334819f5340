namespace Metering.StripeSimulator;

/// <summary>The time given, moved ahead on demand, and never back. Timers stay those of the time given.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(36_525);
    private readonly Lock gate = new();
    private TimeSpan ahead;

    internal SimulatedClock(TimeProvider real, TimeSpan ahead)
    {
        Real = real;
        Advance(ahead);
    }

    /// <summary>What signatures of webhooks go by, as the services that check them do not live in the simulated future.</summary>
    internal TimeProvider Real { get; }

    public override long TimestampFrequency => Real.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => Real.LocalTimeZone;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return Real.GetUtcNow() + ahead;
    }

    public override long GetTimestamp() => Real.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        Real.CreateTimer(callback, state, dueTime, period);

    internal void Advance(TimeSpan by)
    {
        lock (gate)
        {
            if (by < TimeSpan.Zero || ahead + by > Furthest)
                throw new ArgumentOutOfRangeException(nameof(by), by, "The clock goes ahead only, and by 100 years at most.");
            ahead += by;
        }
    }
}
