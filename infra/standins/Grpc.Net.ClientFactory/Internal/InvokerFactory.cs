using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.Net.ClientFactory.Internal;

/// <summary>One channel for each registered client, made when first used.</summary>
internal sealed class InvokerFactory(
    IServiceScopeFactory scopes, ILoggerFactory loggers, IHttpMessageHandlerFactory handlers, IOptionsMonitor<GrpcClientFactoryOptions> options)
{
    private readonly ConcurrentDictionary<string, Lazy<CallInvoker>> _invokers = new();

    public CallInvoker Get(string name) =>
        _invokers.GetOrAdd(name, key => new Lazy<CallInvoker>(() => Create(key))).Value;

    public static CallInvoker Intercept(CallInvoker invoker, GrpcClientFactoryOptions options, InterceptorScope scope, IServiceProvider services)
    {
        var interceptors = options.InterceptorRegistrations.Where(r => r.Scope == scope).Select(r => r.Creator(services)).ToArray();
        return interceptors.Length == 0 ? invoker : invoker.Intercept(interceptors);
    }

    private CallInvoker Create(string name)
    {
        // lives as long as the channel, which is as long as the container
        var services = scopes.CreateScope().ServiceProvider;
        var settings = options.Get(name);
        var channelOptions = new GrpcChannelOptions
        {
            HttpHandler = handlers.CreateHandler(name),
            LoggerFactory = loggers,
            ServiceProvider = services,
        };
        foreach (var configure in settings.ChannelOptionsActions) configure(channelOptions);
        var address = settings.Address ?? throw new InvalidOperationException($"Could not resolve the address for gRPC client '{name}'.");
        CheckCredentials(name, settings, channelOptions, address);
        return Intercept(GrpcChannel.ForAddress(address, channelOptions).CreateCallInvoker(), settings, InterceptorScope.Channel, services);
    }

    private static void CheckCredentials(string name, GrpcClientFactoryOptions settings, GrpcChannelOptions channel, Uri address)
    {
        if (!settings.HasCallCredentials || address.Scheme == Uri.UriSchemeHttps || channel.UnsafeUseInsecureChannelCallCredentials) return;
        throw new InvalidOperationException($"Call credential configured for gRPC client '{name}' requires TLS, and the client isn't configured to use TLS. " +
            "Either configure a TLS address, or set GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials to true.");
    }
}
