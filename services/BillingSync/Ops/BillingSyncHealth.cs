using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.BillingSync.Ops;

/// <summary>Ready once the streams are read, for as long as they can be and Stripe accepts the key.</summary>
internal sealed class BillingSyncHealth(BillingFollower follower, StripeView told, ReportSender sender) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        follower.Stopped is { } stopped ? HealthCheckResult.Unhealthy($"billing streams cannot be read: {stopped}")
        : told.Stopped is { } still ? HealthCheckResult.Unhealthy($"what Stripe told cannot be read: {still}")
        : sender.Halted is { } halted ? HealthCheckResult.Unhealthy($"Stripe does not accept the API key: {halted}")
        : !follower.Resumed.IsCompleted ? HealthCheckResult.Unhealthy("the billing streams are still being read")
        : HealthCheckResult.Healthy($"{sender.Waiting} reports wait"));
}
