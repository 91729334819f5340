using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grpc.Net.ClientFactory.Internal;

internal sealed class DefaultGrpcClientFactory(
    IServiceProvider services, InvokerFactory invokers, IOptionsMonitor<GrpcClientFactoryOptions> options) : GrpcClientFactory
{
    public override TClient CreateClient<TClient>(string name) where TClient : class
    {
        var activator = services.GetService<ClientActivator<TClient>>()
            ?? throw new InvalidOperationException($"No gRPC client configured with name '{name}'.");
        var settings = options.Get(name);
        var invoker = Configure(invokers.Get(name), settings);
        if (settings.Creator is not { } create) return activator.Create(services, invoker);
        return create(invoker) as TClient
            ?? throw new InvalidOperationException($"The configured client creator did not return a {typeof(TClient).FullName}.");
    }

    private CallInvoker Configure(CallInvoker invoker, GrpcClientFactoryOptions settings)
    {
        invoker = InvokerFactory.Intercept(invoker, settings, InterceptorScope.Client, services);
        if (settings.Interceptors.Count > 0) invoker = invoker.Intercept([.. settings.Interceptors]);
        return settings.CallOptionsActions.Count > 0 ? new ConfiguredInvoker(invoker, settings.CallOptionsActions, services) : invoker;
    }
}

/// <summary>Makes clients with their constructor that takes a <see cref="CallInvoker"/>, and services if it asks for any.</summary>
internal sealed class ClientActivator<TClient>
{
    private readonly ObjectFactory _create = ActivatorUtilities.CreateFactory(typeof(TClient), [typeof(CallInvoker)]);

    public TClient Create(IServiceProvider services, CallInvoker invoker) => (TClient)_create(services, [invoker]);
}
