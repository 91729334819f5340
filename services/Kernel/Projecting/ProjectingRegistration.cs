using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Projecting;

public static class ProjectingRegistration
{
    /// <summary>
    /// Adds a read model and the projector that keeps it: <see cref="IReadModel"/> and <see cref="Projector"/> keyed by the model's name, every
    /// <see cref="Projector"/> without a key, a hosted service that runs it, and a health check of the model's name, tagged <c>ready</c>.
    /// </summary>
    public static IServiceCollection AddProjector(
        this IServiceCollection services, IConfiguration configuration, ReadModelSchema schema, Func<IServiceProvider, Projection> projection)
    {
        var name = schema.With<EventCounts>().Name;
        services.AddKeyedSingleton(name, (_, _) => ReadModelsRegistration.Open(configuration, schema));
        services.AddKeyedSingleton(name, (provider, _) => new Projector(
            projection(provider), provider.GetRequiredKeyedService<IReadModel>(name), provider.GetRequiredService<IEventStreams>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Projector>>()));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<Projector>(name));
        services.AddSingleton<IHostedService>(provider => new ProjectorService(provider.GetRequiredKeyedService<Projector>(name)));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new ProjectorHealth(provider.GetRequiredKeyedService<Projector>(name)), HealthStatus.Unhealthy, ["ready"]));
        return services;
    }

    private sealed class ProjectorService(Projector projector) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => projector.Run(stoppingToken);
    }

    private sealed class ProjectorHealth(Projector projector) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(projector.Progress switch
            {
                { Ready: true } => HealthCheckResult.Healthy($"{projector.Lag} behind"),
                { Error: { } error } => new HealthCheckResult(context.Registration.FailureStatus, $"stopped: {error.Message}", error),
                _ => new HealthCheckResult(context.Registration.FailureStatus, "catching up for the first time"),
            });
    }
}
