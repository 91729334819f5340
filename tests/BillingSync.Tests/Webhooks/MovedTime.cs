namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>The system's clock, moved: minutes pass at once, timers run as ever.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ahead));
}
