using System.Net;
using Grpc.Net.Client;

namespace EventStore.Client;

/// <summary>One channel per node, kept for as long as the node belongs to the cluster.</summary>
internal sealed class Channels(EventStoreClientSettings settings) : IDisposable
{
    private const int ReceiveMost = 17 * 1024 * 1024;

    private readonly Dictionary<(string Host, int Port), GrpcChannel> _channels = [];

    public GrpcChannel Of(DnsEndPoint node)
    {
        lock (_channels)
            return _channels.TryGetValue(Key(node), out var known) ? known : _channels[Key(node)] = Open(node);
    }

    public DnsEndPoint[] Known()
    {
        lock (_channels)
            return [.. _channels.Keys.Select(key => new DnsEndPoint(key.Host, key.Port))];
    }

    /// <summary>Keeps exactly these.</summary>
    public void Keep(IReadOnlyList<DnsEndPoint> nodes)
    {
        lock (_channels)
        {
            foreach (var gone in _channels.Keys.Except(nodes.Select(Key)).ToArray())
                if (_channels.Remove(gone, out var channel)) channel.Dispose();
            foreach (var node in nodes) _ = Of(node);
        }
    }

    public void Dispose() => Keep([]);

    private static (string, int) Key(DnsEndPoint node) => (node.Host.ToLowerInvariant(), node.Port);

    private GrpcChannel Open(DnsEndPoint node)
    {
        var reach = settings.ConnectivitySettings;
        var handler = settings.CreateHttpMessageHandler?.Invoke() ?? Handlers.Create(reach);
        return GrpcChannel.ForAddress(new UriBuilder(reach.Insecure ? "http" : "https", node.Host, node.Port).Uri, new GrpcChannelOptions
        {
            HttpClient = new HttpClient(handler, disposeHandler: true) { Timeout = System.Threading.Timeout.InfiniteTimeSpan },
            DisposeHttpClient = true,
            LoggerFactory = settings.LoggerFactory,
            Credentials = settings.ChannelCredentials,
            MaxReceiveMessageSize = ReceiveMost,
        });
    }
}
