using Metering.Balances.Closing;
using Metering.Balances.Explaining;
using Metering.Balances.Publishing;
using Metering.Balances.Queries;
using Metering.Balances.ReadModels;
using Metering.Client;
using Metering.Kernel.Grpc;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Ledger.Accounts;
using Metering.V1;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Metering.Balances;

public static class BalancesRegistration
{
    /// <summary>
    /// Adds the read models <c>balances</c> and <c>publishing</c> with their projectors, the closer, and the service <c>Balances</c>. The host
    /// brings the event store (<c>AddEventStreams</c>) and the bus (<c>AddBus</c>). Settings: <see cref="BalancesOptions"/>, <c>ReadModels</c>.
    /// </summary>
    public static IServiceCollection AddBalances(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Zones>(_ => TimeZoneInfo.FindSystemTimeZoneById);
        services.AddProjector(configuration, BalancesProjection.Schema, _ => BalancesProjection.Projection);
        services.AddProjector(
            AsDurableAsTheBus(configuration), Publisher.Schema,
            provider => Publisher.To(provider.GetRequiredService<IBus>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CatalogReader>().AddSingleton<Explainer>();
        services.AddGrpc().AddServiceOptions<BalancesService>(grpc => grpc.Interceptors.Add<StreamsErrors>());
        return services.AddOptions(configuration).AddCloser();
    }

    /// <summary>Maps the service <c>Balances</c>.</summary>
    public static IEndpointRouteBuilder MapBalances(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<BalancesService>();
        return endpoints;
    }

    /// <summary>What a bus in memory was told is gone with the process: so is then the checkpoint that says what it was told.</summary>
    private static IConfiguration AsDurableAsTheBus(IConfiguration configuration) => BrokerAddress.Of(configuration) is not null
        ? configuration
        : new ConfigurationBuilder().AddConfiguration(configuration)
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("ReadModels", "memory")]).Build();

    private static IServiceCollection AddOptions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BalancesOptions>()
            .Bind(configuration.GetSection(BalancesOptions.Section))
            .Validate(options => options.AccountsAt.All(at => at is not null),
                "Balances:Accounts: expected addresses like http://127.0.0.1:5110, with commas between")
            .Validate(options => options.ClosingEvery > TimeSpan.Zero, "Balances:ClosingEvery must be more than zero")
            .Validate(options => options.ClosingDeadline > TimeSpan.Zero, "Balances:ClosingDeadline must be more than zero")
            .Validate(options => options.ClosingAtOnce > 0, "Balances:ClosingAtOnce must be 1 or more")
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<BalancesOptions>>().Value);
        return services;
    }

    private static IServiceCollection AddCloser(this IServiceCollection services)
    {
        services.AddKeyedSingleton(BalancesOptions.Section, (provider, _) => new Failover(AccountsAt(provider)));
        services.AddSingleton(provider => new Closer(
            provider.GetRequiredKeyedService<IReadModel>(BalancesProjection.Name),
            provider.GetRequiredKeyedService<Projector>(BalancesProjection.Name),
            new Accounts.AccountsClient(provider.GetRequiredKeyedService<Failover>(BalancesOptions.Section)),
            provider.GetRequiredService<BalancesOptions>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Closer>>()));
        return services.AddHostedService<ClosingService>();
    }

    private static IEnumerable<Uri> AccountsAt(IServiceProvider provider) =>
        provider.GetRequiredService<BalancesOptions>().AccountsAt is { Count: > 0 } given ? given.OfType<Uri>() : [provider.GrpcAddress()];
}
