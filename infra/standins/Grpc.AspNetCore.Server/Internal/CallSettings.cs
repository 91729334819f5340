using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

// What the options of the application and those of one service come to.
internal class CallSettings
{
    protected CallSettings(IServiceProvider services, GrpcServiceOptions all, GrpcServiceOptions own)
    {
        Services = services;
        Logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server.ServerCallHandler");
        MaxReceiveMessageSize = own.MaxReceiveMessageSizeSpecified ? own.MaxReceiveMessageSize
            : all.MaxReceiveMessageSizeSpecified ? all.MaxReceiveMessageSize
            : GrpcServiceOptions.DefaultMaxReceiveMessageSize;
        MaxSendMessageSize = own.MaxSendMessageSizeSpecified ? own.MaxSendMessageSize : all.MaxSendMessageSize;
        EnableDetailedErrors = own.EnableDetailedErrors ?? all.EnableDetailedErrors ?? false;
        ResponseCompressionLevel = own.ResponseCompressionLevel ?? all.ResponseCompressionLevel;
        Interceptors = [.. all.Interceptors, .. own.Interceptors];
        IgnoreUnknownServices = all.IgnoreUnknownServices ?? false;
        IgnoreUnknownMethods = own.IgnoreUnknownServices ?? all.IgnoreUnknownServices ?? false;
        CompressionProviders = Providers(own, all);
        ResponseCompression = ResponseProvider(own.ResponseCompressionAlgorithm ?? all.ResponseCompressionAlgorithm);
    }

    public IServiceProvider Services { get; }

    public ILogger Logger { get; }

    public int? MaxReceiveMessageSize { get; }

    public int? MaxSendMessageSize { get; }

    public bool EnableDetailedErrors { get; }

    public CompressionLevel? ResponseCompressionLevel { get; }

    // null: responses are sent as they are
    public ICompressionProvider? ResponseCompression { get; }

    public IReadOnlyDictionary<string, ICompressionProvider> CompressionProviders { get; }

    public IReadOnlyList<InterceptorRegistration> Interceptors { get; }

    public bool IgnoreUnknownServices { get; }

    public bool IgnoreUnknownMethods { get; }

    private static Dictionary<string, ICompressionProvider> Providers(params GrpcServiceOptions[] first)
    {
        var providers = new Dictionary<string, ICompressionProvider>(StringComparer.Ordinal);
        foreach (var provider in first.SelectMany(o => o.CompressionProviders)) providers.TryAdd(provider.EncodingName, provider);
        return providers;
    }

    private ICompressionProvider? ResponseProvider(string? algorithm)
    {
        if (algorithm is null or Protocol.Identity) return null;
        return CompressionProviders.TryGetValue(algorithm, out var provider)
            ? provider
            : throw new InvalidOperationException(
                $"The configured response compression algorithm '{algorithm}' does not have a matching compression provider.");
    }
}

internal sealed class CallSettings<TService>(IServiceProvider services) : CallSettings(services,
    services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value,
    services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value)
    where TService : class
{
    public IGrpcServiceActivator<TService> Activator { get; } = services.GetRequiredService<IGrpcServiceActivator<TService>>();

    // the handlers of a definition already have their instance
    public bool SuppressCreatingService { get; } =
        typeof(TService) == typeof(ServerServiceDefinition) ||
        services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value.SuppressCreatingService;
}
