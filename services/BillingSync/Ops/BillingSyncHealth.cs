using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.BillingSync.Ops;

/// <summary>Ready once the streams are read, for as long as they can be and Stripe accepts the key.</summary>
internal sealed class BillingSyncHealth(Backlog backlog, StripeView told, ReportSender sender) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        told.Stopped is { } still ? HealthCheckResult.Unhealthy($"what Stripe told cannot be read: {still}")
        : sender.Halted is { } halted ? HealthCheckResult.Unhealthy($"Stripe does not accept the API key: {halted}")
        : !backlog.Resumed.IsCompleted ? HealthCheckResult.Unhealthy("what was left to send is still being looked for")
        : HealthCheckResult.Healthy($"{sender.Waiting} reports in hand"));
}
