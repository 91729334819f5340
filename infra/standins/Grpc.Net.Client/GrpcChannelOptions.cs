using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Grpc.Net.Compression;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

/// <summary>How a <see cref="GrpcChannel"/> sends its calls.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>Channel credentials; they must fit the address's scheme.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>The largest message sent, in bytes; no limit by default.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The largest message received, in bytes; 4 MB by default, null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most attempts that any retry policy may make.</summary>
    public int? MaxRetryAttempts { get; set; } = 5;

    /// <summary>Encodings for messages; gzip and deflate by default.</summary>
    public IList<ICompressionProvider>? CompressionProviders { get; set; }

    /// <summary>Where the channel logs.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The client to send with; not together with <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>The handler to send with; not together with <see cref="HttpClient"/>.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes the client or handler that it was given.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Cancelled and expired calls throw <see cref="OperationCanceledException"/> instead of <see cref="RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Sends call credentials over connections without TLS too.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }

    /// <summary>Settings by method.</summary>
    public ServiceConfig? ServiceConfig { get; set; }

    /// <summary>Services of the container that the channel was made by.</summary>
    public IServiceProvider? ServiceProvider { get; set; }

    /// <summary>The HTTP version of requests; 2.0 by default.</summary>
    public Version? HttpVersion { get; set; }

    /// <summary>How strictly to keep to the HTTP version; exactly by default.</summary>
    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}
