namespace Metering.BillingSync.Sending;

/// <summary>Spaces calls evenly: a burst would spend what Stripe allows for the second.</summary>
internal sealed class Pace(int perSecond, TimeProvider clock)
{
    private readonly Lock gate = new();
    private DateTimeOffset next = DateTimeOffset.MinValue;

    public Task Take(CancellationToken cancellation)
    {
        var wait = Reserve();
        return wait > TimeSpan.Zero ? Task.Delay(wait, clock, cancellation) : Task.CompletedTask;
    }

    private TimeSpan Reserve()
    {
        if (perSecond == 0) return TimeSpan.Zero;
        lock (gate)
        {
            var now = clock.GetUtcNow();
            var mine = next > now ? next : now;
            next = mine + TimeSpan.FromTicks(TimeSpan.TicksPerSecond / perSecond);
            return mine - now;
        }
    }
}
