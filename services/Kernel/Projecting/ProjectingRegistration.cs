using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Projecting;

public static class ProjectingRegistration
{
    /// <summary>
    /// Adds a read model and what keeps it, keyed by the model's name: <see cref="IGenerations"/>, <see cref="IReadModel"/> (the live one),
    /// <see cref="Projector"/>, <see cref="Keeper"/>; every <see cref="Keeper"/> without a key and all as <see cref="KeptReadModels"/>, a hosted service that runs it, and a health
    /// check of the model's name, tagged <c>ready</c>.
    /// </summary>
    public static IServiceCollection AddProjector(
        this IServiceCollection services, IConfiguration configuration, ReadModelSchema schema, Func<IServiceProvider, Projection> projection)
    {
        var name = schema.With<EventCounts>().Name;
        services.AddKeyedSingleton(name, (_, _) => ReadModelsRegistration.Open(configuration, schema));
        services.AddKeyedSingleton<IReadModel>(name, (provider, _) => new LiveReadModel(provider.GetRequiredKeyedService<IGenerations>(name)));
        services.AddKeyedSingleton(name, (provider, _) => Live(provider, name, projection(provider)));
        services.AddKeyedSingleton(name, (provider, _) => KeeperOf(provider, name, projection(provider)));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<Keeper>(name)).TryAddSingleton<KeptReadModels>();
        services.AddSingleton<IHostedService>(provider => new KeeperService(provider.GetRequiredKeyedService<Keeper>(name)));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new KeeperHealth(provider.GetRequiredKeyedService<Keeper>(name)), HealthStatus.Unhealthy, ["ready"]));
        return services;
    }

    private static Projector Live(IServiceProvider services, string name, Projection projection)
    {
        var generations = services.GetRequiredKeyedService<IGenerations>(name);
        return new Projector(
            name, projection, async cancellation => (await generations.Live(cancellation)).Documents, services.GetRequiredService<IEventStreams>(),
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<Projector>>());
    }

    private static Keeper KeeperOf(IServiceProvider services, string name, Projection projection)
    {
        var (generations, time) = (services.GetRequiredKeyedService<IGenerations>(name), services.GetRequiredService<TimeProvider>());
        var rebuilder = new Rebuilder(
            projection, generations, services.GetRequiredService<IEventStreams>(), time, services.GetRequiredService<ILogger<Projector>>());
        return new Keeper(
            generations, services.GetRequiredKeyedService<Projector>(name), rebuilder, time, services.GetRequiredService<ILogger<Keeper>>());
    }

    private sealed class KeeperService(Keeper keeper) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => keeper.Run(stoppingToken);
    }

    /// <summary>
    /// Passes while whoever keeps the read model, this instance or another, has caught up in its turn and nothing stops it: the documents
    /// are the same.
    /// </summary>
    private sealed class KeeperHealth(Keeper keeper) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var failed = context.Registration.FailureStatus;
            if (keeper.Error is { } error)
                return new HealthCheckResult(failed, $"the documents are out of reach: {error.Message}", error);
            return await keeper.Standing(cancellationToken) switch
            {
                null => new HealthCheckResult(failed, "no instance keeps it"),
                { Error: { } stopped } => new HealthCheckResult(failed, $"stopped: {stopped}"),
                { CaughtUpAt: null } => new HealthCheckResult(failed, "catching up for the first time"),
                var standing => HealthCheckResult.Healthy($"{standing.Lag} behind, kept by {standing.Instance}"),
            };
        }
    }
}
