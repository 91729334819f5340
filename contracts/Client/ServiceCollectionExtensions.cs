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
}
