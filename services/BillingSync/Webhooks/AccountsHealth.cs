using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.BillingSync.Webhooks;

/// <summary>Unhealthy while Accounts does not answer what Stripe's events ask of it; it is asked again until it does.</summary>
internal sealed class AccountsHealth(OpenSteps open) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(open.Away is { } why
            ? HealthCheckResult.Unhealthy(why)
            : HealthCheckResult.Healthy());
}
