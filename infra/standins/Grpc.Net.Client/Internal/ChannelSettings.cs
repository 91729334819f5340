using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Grpc.Net.Compression;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grpc.Net.Client.Internal;

/// <summary>The options of a channel, checked and in the form that calls need.</summary>
internal sealed class ChannelSettings
{
    private readonly ConcurrentDictionary<IMethod, MethodSettings> _methods = new(ReferenceEqualityComparer.Instance);
    private readonly Func<IMethod, MethodSettings> _createMethod;
    private readonly ServiceConfig? _serviceConfig;

    public ChannelSettings(Uri address, GrpcChannelOptions options)
    {
        CheckAddress(address);
        Address = address;
        Invoker = CreateInvoker(options);
        OwnsInvoker = options is { HttpClient: null, HttpHandler: null } || options.DisposeHttpClient;
        MaxSend = options.MaxSendMessageSize ?? int.MaxValue;
        MaxReceive = options.MaxReceiveMessageSize ?? int.MaxValue;
        MaxAttempts = options.MaxRetryAttempts ?? int.MaxValue;
        HttpVersion = options.HttpVersion ?? System.Net.HttpVersion.Version20;
        HttpVersionPolicy = options.HttpVersionPolicy ?? HttpVersionPolicy.RequestVersionExact;
        ThrowCanceled = options.ThrowOperationCanceledOnCancellation;
        Compression = (options.CompressionProviders ?? DefaultCompression()).ToDictionary(p => p.EncodingName);
        AcceptEncoding = string.Join(',', Compression.Keys.Prepend("identity"));
        CallCredentials = CredentialReader.ReadChannel(options.Credentials, address);
        SendsCredentials = address.Scheme == Uri.UriSchemeHttps || options.UnsafeUseInsecureChannelCallCredentials;
        Logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Grpc.Net.Client.GrpcChannel");
        _serviceConfig = options.ServiceConfig;
        _createMethod = CreateMethod;
    }

    public Uri Address { get; }
    public HttpMessageInvoker Invoker { get; }
    public bool OwnsInvoker { get; }
    public int MaxSend { get; }
    public int MaxReceive { get; }
    public int MaxAttempts { get; }
    public Version HttpVersion { get; }
    public HttpVersionPolicy HttpVersionPolicy { get; }
    public bool ThrowCanceled { get; }
    public Dictionary<string, ICompressionProvider> Compression { get; }
    public string AcceptEncoding { get; }
    public IReadOnlyList<CallCredentials> CallCredentials { get; }
    public bool SendsCredentials { get; }
    public ILogger Logger { get; }

    public MethodSettings Method(IMethod method) => _methods.GetOrAdd(method, _createMethod);

    private MethodSettings CreateMethod(IMethod method) =>
        new(new Uri(Address, method.FullName), Retry.Find(_serviceConfig, method, MaxAttempts));

    private static ICompressionProvider[] DefaultCompression() =>
        [new GzipCompressionProvider(CompressionLevel.Fastest), new DeflateCompressionProvider(CompressionLevel.Fastest)];

    private static void CheckAddress(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
            throw new InvalidOperationException($"No address resolver configured for the scheme '{address.Scheme}'.");
    }

    private static HttpMessageInvoker CreateInvoker(GrpcChannelOptions options)
    {
        if (options is { HttpClient: not null, HttpHandler: not null })
            throw new ArgumentException("HttpClient and HttpHandler have been configured. Only one can be specified.");
        if (options.HttpClient is not null) return options.HttpClient;
        var handler = options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        return new HttpMessageInvoker(handler, disposeHandler: true);
    }
}

/// <summary>What every call of one method shares.</summary>
internal sealed record MethodSettings(Uri Uri, Retry? Retry);
