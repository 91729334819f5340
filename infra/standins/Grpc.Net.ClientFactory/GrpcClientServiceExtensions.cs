using Grpc.Net.ClientFactory;
using Grpc.Net.ClientFactory.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers gRPC clients.</summary>
public static class GrpcClientServiceExtensions
{
    /// <summary>Registers a client under its type's name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services) where TClient : class =>
        services.AddGrpcClient<TClient>(typeof(TClient).Name);

    /// <summary>Registers a client under its type's name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services, Action<GrpcClientFactoryOptions> configureClient) where TClient : class =>
        services.AddGrpcClient<TClient>(typeof(TClient).Name, configureClient);

    /// <summary>Registers a client under its type's name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services, Action<IServiceProvider, GrpcClientFactoryOptions> configureClient) where TClient : class =>
        services.AddGrpcClient<TClient>(typeof(TClient).Name, configureClient);

    /// <summary>Registers a client under a name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services, string name) where TClient : class =>
        services.AddGrpcClient<TClient>(name, (_, _) => { });

    /// <summary>Registers a client under a name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services, string name, Action<GrpcClientFactoryOptions> configureClient) where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configureClient);
        return services.AddGrpcClient<TClient>(name, (_, options) => configureClient(options));
    }

    /// <summary>Registers a client under a name.</summary>
    public static IHttpClientBuilder AddGrpcClient<TClient>(this IServiceCollection services, string name, Action<IServiceProvider, GrpcClientFactoryOptions> configureClient) where TClient : class
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(configureClient);
        Names(services).Reserve(name, typeof(TClient));
        services.TryAddTransient<GrpcClientFactory, DefaultGrpcClientFactory>();
        services.TryAddSingleton<InvokerFactory>();
        services.TryAddSingleton<ClientActivator<TClient>>();
        services.AddTransient<IConfigureOptions<GrpcClientFactoryOptions>>(provider =>
            new ConfigureNamedOptions<GrpcClientFactoryOptions>(name, options => configureClient(provider, options)));
        services.AddTransient(provider => provider.GetRequiredService<GrpcClientFactory>().CreateClient<TClient>(name));
        // a primary handler that the caller configures afterwards takes its place
        return services.AddHttpClient(name).ConfigurePrimaryHttpMessageHandler(
            () => new SocketsHttpHandler { EnableMultipleHttp2Connections = true });
    }

    internal static ClientNames Names(IServiceCollection services)
    {
        if (services.FirstOrDefault(s => s.ServiceType == typeof(ClientNames))?.ImplementationInstance is ClientNames known) return known;
        var names = new ClientNames();
        services.AddSingleton(names);
        return names;
    }
}
