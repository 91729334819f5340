using Metering.Balances.Closing;
using Metering.Balances.Explaining;
using Metering.Balances.Publishing;
using Metering.Balances.Queries;
using Metering.Balances.ReadModels;
using Metering.Kernel.Grpc;
using Metering.Kernel.Hosting;
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
    /// brings the event store (<c>AddEventStreams</c>) and the bus (<c>AddMassTransit</c>). Settings: <see cref="BalancesOptions"/>, <c>ReadModels</c>.
    /// </summary>
    public static IServiceCollection AddBalances(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Zones>(_ => TimeZoneInfo.FindSystemTimeZoneById);
        services.AddProjector(configuration, BalancesProjection.Schema, _ => BalancesProjection.Projection);
        services.AddProjector(configuration, Publisher.Schema, provider => Publisher.To(provider.GetRequiredService<IBus>()));
        services.AddSingleton<CatalogReader>().AddSingleton<Explainer>().AddSingleton<KeptReadModels>();
        services.AddGrpc().AddServiceOptions<BalancesService>(grpc => grpc.Interceptors.Add<StreamsErrors>());
        return services.AddOptions(configuration).AddCloser();
    }

    /// <summary>Maps the service <c>Balances</c>.</summary>
    public static IEndpointRouteBuilder MapBalances(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<BalancesService>();
        return endpoints;
    }

    private static IServiceCollection AddOptions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BalancesOptions>()
            .Bind(configuration.GetSection(BalancesOptions.Section))
            .Validate(options => options.Accounts is null or { IsAbsoluteUri: true }, "Balances:Accounts must be the address of the service Accounts")
            .Validate(options => options.ClosingEvery > TimeSpan.Zero, "Balances:ClosingEvery must be more than zero")
            .Validate(options => options.ClosingDeadline > TimeSpan.Zero, "Balances:ClosingDeadline must be more than zero")
            .Validate(options => options.ClosingAtOnce > 0, "Balances:ClosingAtOnce must be 1 or more")
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<BalancesOptions>>().Value);
        return services;
    }

    private static IServiceCollection AddCloser(this IServiceCollection services)
    {
        services.AddGrpcClient<Accounts.AccountsClient>((provider, grpc) =>
            grpc.Address = provider.GetRequiredService<BalancesOptions>().Accounts ?? provider.GrpcAddress());
        services.AddSingleton(provider => new Closer(
            provider.GetRequiredKeyedService<IReadModel>(BalancesProjection.Name), provider.GetRequiredKeyedService<Projector>(BalancesProjection.Name),
            provider.GetRequiredService<Accounts.AccountsClient>(), provider.GetRequiredService<BalancesOptions>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Closer>>()));
        return services.AddHostedService<ClosingService>();
    }
}
