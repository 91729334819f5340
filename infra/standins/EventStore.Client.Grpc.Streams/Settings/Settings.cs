using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace EventStore.Client;

/// <summary>How a client connects and what its calls use unless told otherwise.</summary>
public class EventStoreClientSettings
{
    public string? ConnectionName { get; set; }
    public Func<HttpMessageHandler>? CreateHttpMessageHandler { get; set; }
    public IEnumerable<Interceptor>? Interceptors { get; set; }
    public ILoggerFactory? LoggerFactory { get; set; }
    public ChannelCredentials? ChannelCredentials { get; set; }
    public EventStoreClientOperationOptions OperationOptions { get; set; } = EventStoreClientOperationOptions.Default;
    public EventStoreClientConnectivitySettings ConnectivitySettings { get; set; } = EventStoreClientConnectivitySettings.Default;
    public UserCredentials? DefaultCredentials { get; set; }

    /// <summary>For calls that are neither reads nor subscriptions nor appends over the shared stream.</summary>
    public TimeSpan? DefaultDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads a connection string: <c>esdb://user:password@host:port,host:port?tls=false&amp;…</c>.</summary>
    /// <exception cref="ConnectionStringParseException">It says what of it is wrong.</exception>
    public static EventStoreClientSettings Create(string connectionString) => ConnectionString.Parse(connectionString);
}

/// <summary>Where the nodes are and how to reach them.</summary>
public class EventStoreClientConnectivitySettings
{
    private const int DefaultPort = 2113;

    private Uri? _address;
    private bool _insecure;

    public static EventStoreClientConnectivitySettings Default => new();

    /// <summary>Of the one node; none where gossip finds the nodes.</summary>
    public Uri? Address
    {
        get => IsSingleNode ? _address : null;
        set => _address = value;
    }

    public DnsEndPoint[]? DnsGossipSeeds { get; set; }
    public IPEndPoint[]? IpGossipSeeds { get; set; }
    public EndPoint[] GossipSeeds => [.. (IEnumerable<EndPoint>?)DnsGossipSeeds ?? IpGossipSeeds ?? []];
    public bool IsSingleNode => GossipSeeds.Length == 0;

    public bool Insecure
    {
        get => IsSingleNode ? Address?.Scheme == Uri.UriSchemeHttp : _insecure;
        set => _insecure = value;
    }

    public int MaxDiscoverAttempts { get; set; } = 10;
    public TimeSpan DiscoveryInterval { get; set; } = TimeSpan.FromMilliseconds(100);
    public TimeSpan GossipTimeout { get; set; } = TimeSpan.FromSeconds(5);
    public NodePreference NodePreference { get; set; } = NodePreference.Leader;
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(10);
    public bool TlsVerifyCert { get; set; } = true;
    public X509Certificate2? TlsCaFile { get; set; }
    public X509Certificate2? ClientCertificate { get; set; }

    internal DnsEndPoint Single => _address is null ? new("localhost", DefaultPort) : new(_address.Host, _address.Port);
}

/// <summary>What an operation uses unless told otherwise.</summary>
public class EventStoreClientOperationOptions
{
    public static EventStoreClientOperationOptions Default => new()
    {
        ThrowOnAppendFailure = true,
        BatchAppendSize = 3 * 1024 * 1024,
        GetAuthenticationHeaderValue = (credentials, _) => new ValueTask<string>(credentials.ToString()),
    };

    /// <summary>Whether an append at another revision throws or answers <see cref="WrongExpectedVersionResult"/>.</summary>
    public bool ThrowOnAppendFailure { get; set; }

    /// <summary>Bytes after which an append goes on in another message.</summary>
    public int BatchAppendSize { get; set; }

    public Func<UserCredentials, CancellationToken, ValueTask<string>> GetAuthenticationHeaderValue { get; set; } = null!;

    public EventStoreClientOperationOptions Clone() => (EventStoreClientOperationOptions)MemberwiseClone();
}

/// <summary>A user and a password, or a token.</summary>
public class UserCredentials
{
    private readonly string _header;

    public UserCredentials(string username, string password)
    {
        (Username, Password) = (username, password);
        _header = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))}";
    }

    public UserCredentials(string bearerToken) => _header = $"Bearer {bearerToken}";

    public string? Username { get; }
    public string? Password { get; }

    public override string ToString() => _header;
}
