using Metering.Kernel.Streams;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.Reservations;

/// <summary>Ready: the store answers, its clock and ours agree, and the catalog is known to be current (rule 16).</summary>
internal sealed class Readiness(IEventStreams streams, CatalogView catalog, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan SkewMost = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var skew = await Skew(cancellationToken);
            if (skew > SkewMost) return HealthCheckResult.Unhealthy($"the clock is {skew.TotalSeconds:0.0} s off the store's");
            await catalog.Refresh();
            return HealthCheckResult.Healthy();
        }
        catch (Exception away) when (away is StreamsUnavailableException or CatalogUnconfirmedException)
        {
            return HealthCheckResult.Unhealthy(away.Message);
        }
    }

    // the store read its clock at some moment between the two of ours
    private async Task<TimeSpan> Skew(CancellationToken cancellation)
    {
        var before = clock.GetUtcNow();
        var store = await streams.Clock(cancellation);
        var after = clock.GetUtcNow();
        if (store < before) return before - store;
        return store > after ? store - after : TimeSpan.Zero;
    }
}
