using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks.Internal;

// Keeps the statuses that watchers see in step with ASP.NET's periodic checks.
internal sealed class StatusPublisher(HealthServiceImpl health, IOptions<GrpcHealthChecksOptions> options) : IHealthCheckPublisher
{
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var mapping in options.Value.Services)
            health.SetStatus(mapping.Name, Statuses.Of(report.Entries.Where(e => mapping.Includes(e.Key, e.Value.Tags)).Select(e => e.Value)));
        return Task.CompletedTask;
    }
}

internal static class Statuses
{
    // Degraded still serves; nothing checked is nothing known.
    public static ServingStatus Of(IEnumerable<HealthReportEntry> entries)
    {
        var status = ServingStatus.Unknown;
        foreach (var entry in entries)
        {
            if (entry.Status == HealthStatus.Unhealthy) return ServingStatus.NotServing;
            status = ServingStatus.Serving;
        }
        return status;
    }
}
