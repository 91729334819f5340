using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures a registered gRPC client.</summary>
public static class GrpcHttpClientBuilderExtensions
{
    /// <summary>Configures the client's channel.</summary>
    public static IHttpClientBuilder ConfigureChannel(this IHttpClientBuilder builder, Action<GrpcChannelOptions> configureChannel) =>
        Configure(builder, (_, options) => options.ChannelOptionsActions.Add(configureChannel));

    /// <summary>Configures the client's channel.</summary>
    public static IHttpClientBuilder ConfigureChannel(this IHttpClientBuilder builder, Action<IServiceProvider, GrpcChannelOptions> configureChannel) =>
        Configure(builder, (services, options) => options.ChannelOptionsActions.Add(channel => configureChannel(services, channel)));

    /// <summary>Adds an interceptor from the container, shared by the clients of the channel.</summary>
    public static IHttpClientBuilder AddInterceptor<TInterceptor>(this IHttpClientBuilder builder) where TInterceptor : Interceptor =>
        builder.AddInterceptor<TInterceptor>(InterceptorScope.Channel);

    /// <summary>Adds an interceptor from the container.</summary>
    public static IHttpClientBuilder AddInterceptor<TInterceptor>(this IHttpClientBuilder builder, InterceptorScope scope) where TInterceptor : Interceptor =>
        builder.AddInterceptor(scope, services => services.GetRequiredService<TInterceptor>());

    /// <summary>Adds an interceptor, shared by the clients of the channel.</summary>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, Func<Interceptor> configureInvoker) =>
        builder.AddInterceptor(InterceptorScope.Channel, configureInvoker);

    /// <summary>Adds an interceptor, shared by the clients of the channel.</summary>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, Func<IServiceProvider, Interceptor> configureInvoker) =>
        builder.AddInterceptor(InterceptorScope.Channel, configureInvoker);

    /// <summary>Adds an interceptor.</summary>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, InterceptorScope scope, Func<Interceptor> configureInvoker) =>
        builder.AddInterceptor(scope, _ => configureInvoker());

    /// <summary>Adds an interceptor.</summary>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, InterceptorScope scope, Func<IServiceProvider, Interceptor> configureInvoker) =>
        Configure(builder, (_, options) => options.InterceptorRegistrations.Add(new InterceptorRegistration(scope, configureInvoker)));

    /// <summary>Adds metadata to every call of the client.</summary>
    public static IHttpClientBuilder AddCallCredentials(this IHttpClientBuilder builder, Func<AuthInterceptorContext, Metadata, Task> authInterceptor) =>
        AddCredentials(builder, _ => CallCredentials.FromInterceptor((context, metadata) => authInterceptor(context, metadata)));

    /// <summary>Adds metadata to every call of the client.</summary>
    public static IHttpClientBuilder AddCallCredentials(this IHttpClientBuilder builder, Func<AuthInterceptorContext, Metadata, IServiceProvider, Task> authInterceptor) =>
        AddCredentials(builder, services => CallCredentials.FromInterceptor((context, metadata) => authInterceptor(context, metadata, services)));

    /// <summary>Adds credentials to every call of the client.</summary>
    public static IHttpClientBuilder AddCallCredentials(this IHttpClientBuilder builder, CallCredentials credentials) =>
        AddCredentials(builder, _ => credentials);

    /// <summary>Makes the client.</summary>
    public static IHttpClientBuilder ConfigureGrpcClientCreator(this IHttpClientBuilder builder, Func<CallInvoker, object> configureCreator) =>
        Configure(builder, (_, options) => options.Creator = configureCreator);

    /// <summary>Makes the client.</summary>
    public static IHttpClientBuilder ConfigureGrpcClientCreator(this IHttpClientBuilder builder, Func<IServiceProvider, CallInvoker, object> configureCreator) =>
        Configure(builder, (services, options) => options.Creator = invoker => configureCreator(services, invoker));

    private static IHttpClientBuilder AddCredentials(IHttpClientBuilder builder, Func<IServiceProvider, CallCredentials> create) =>
        Configure(builder, (_, options) =>
        {
            options.HasCallCredentials = true;
            options.CallOptionsActions.Add(call => call.CallOptions = Add(call.CallOptions, create(call.ServiceProvider)));
        });

    private static CallOptions Add(CallOptions options, CallCredentials credentials) =>
        options.WithCredentials(options.Credentials is { } own ? CallCredentials.Compose(own, credentials) : credentials);

    private static IHttpClientBuilder Configure(IHttpClientBuilder builder, Action<IServiceProvider, GrpcClientFactoryOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!GrpcClientServiceExtensions.Names(builder.Services).Contains(builder.Name))
            throw new InvalidOperationException("This must be used with a gRPC client.");
        builder.Services.AddTransient<IConfigureOptions<GrpcClientFactoryOptions>>(services =>
            new ConfigureNamedOptions<GrpcClientFactoryOptions>(builder.Name, options => configure(services, options)));
        return builder;
    }
}
