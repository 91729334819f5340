using Metering.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Metering.Client;

/// <summary>Puts the client into a host's services.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds <see cref="MeteringClient"/>, talking to Metering at <paramref name="address"/>.</summary>
    /// <returns>The builder of the HTTP client underneath: certificates, handlers and the like.</returns>
    public static IHttpClientBuilder AddMetering(this IServiceCollection services, Uri address, MeteringOptions? options = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddTransient(host => new MeteringClient(
            host.GetRequiredService<Reservations.ReservationsClient>(), host.GetRequiredService<TimeProvider>(), options));
        return services.AddGrpcClient<Reservations.ReservationsClient>(grpc => grpc.Address = address);
    }

    /// <summary>
    /// Adds <see cref="MeteringClient"/>, talking to whichever instance of Metering answers: a command that one does not answer is sent to
    /// the next one under the same id.
    /// </summary>
    public static IServiceCollection AddMetering(
        this IServiceCollection services, IReadOnlyList<Uri> addresses, MeteringOptions? options = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddKeyedSingleton(nameof(MeteringClient), (_, _) => new Failover(addresses));
        return services.AddSingleton(host => new MeteringClient(
            new(host.GetRequiredKeyedService<Failover>(nameof(MeteringClient))), host.GetRequiredService<TimeProvider>(), options));
    }
}
