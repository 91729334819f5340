using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EventStore.Client;

/// <summary>Reads <c>esdb[+discover]://[user:password@]host[:port][,…][/][?option=value&amp;…]</c>.</summary>
internal static class ConnectionString
{
    private const string Discover = "esdb+discover";
    private const int DefaultPort = 2113;

    public static EventStoreClientSettings Parse(string text)
    {
        var (scheme, rest) = Cut(text, "://") ?? throw new NoSchemeException();
        if (scheme is not ("esdb" or Discover)) throw new InvalidSchemeException(scheme, ["esdb", Discover]);
        var settings = new EventStoreClientSettings();
        if (Cut(rest, "@") is var (user, hosts))
            (settings.DefaultCredentials, rest) = (Credentials(user), hosts);
        var (address, query) = Cut(rest, "?") ?? (rest, "");
        var (nodes, path) = Cut(address, "/") ?? (address, "");
        if (path.Length > 0)
            throw new ConnectionStringParseException(
                $"The specified path must be either an empty string or a forward slash (/) "
                + $"but the following path was found instead: '/{path}'");
        var endPoints = Array.ConvertAll(nodes.Split(','), Host);
        var options = rest.Contains('?') ? Pairs(query) : [];
        Reach(settings.ConnectivitySettings, endPoints, scheme == Discover, Flag(options, "tls") ?? true);
        Apply(settings, options);
        settings.CreateHttpMessageHandler = () => Handlers.Create(settings.ConnectivitySettings);
        return settings;
    }

    private static (string Before, string After)? Cut(string text, string at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var index ? (text[..index], text[(index + at.Length)..]) : null;

    private static UserCredentials Credentials(string text) =>
        text.Split(':') is [var user, var password] ? new(user, password) : throw new InvalidUserCredentialsException(text);

    private static EndPoint Host(string text)
    {
        var parts = text.Split(':');
        var port = DefaultPort;
        if (parts.Length > 2 || parts[0].Length == 0 || (parts.Length == 2 && !int.TryParse(parts[1], out port)))
            throw new InvalidHostException(text);
        return IPAddress.TryParse(parts[0], out var ip) ? new IPEndPoint(ip, port) : new DnsEndPoint(parts[0], port);
    }

    private static void Reach(EventStoreClientConnectivitySettings settings, EndPoint[] nodes, bool discover, bool tls)
    {
        settings.Insecure = !tls;
        if (nodes.Length == 1 && !discover)
            settings.Address = new UriBuilder(tls ? "https" : "http", Nodes.Of(nodes[0]).Host, Nodes.Of(nodes[0]).Port).Uri;
        else if (nodes.All(node => node is IPEndPoint))
            settings.IpGossipSeeds = Array.ConvertAll(nodes, node => (IPEndPoint)node);
        else
            settings.DnsGossipSeeds = Array.ConvertAll(nodes, Nodes.Of);
    }

    private static Dictionary<string, string> Pairs(string query)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in query.Split('&'))
        {
            if (text.Split('=') is not [var key, var value]) throw new InvalidKeyValuePairException(text);
            if (!pairs.TryAdd(key, value)) throw new DuplicateKeyException(key);
        }
        return pairs;
    }

    private static void Apply(EventStoreClientSettings settings, Dictionary<string, string> options)
    {
        var reach = settings.ConnectivitySettings;
        foreach (var (key, value) in options)
            switch (key.ToLowerInvariant())
            {
                case "tls": break;
                case "connectionname": settings.ConnectionName = value; break;
                case "maxdiscoverattempts": reach.MaxDiscoverAttempts = Number(key, value); break;
                case "discoveryinterval": reach.DiscoveryInterval = Milliseconds(key, value); break;
                case "gossiptimeout": reach.GossipTimeout = Milliseconds(key, value); break;
                case "nodepreference": reach.NodePreference = Preference(value); break;
                case "tlsverifycert": reach.TlsVerifyCert = Flag(key, value); break;
                case "tlscafile": reach.TlsCaFile = Authority(value); break;
                case "defaultdeadline": settings.DefaultDeadline = Milliseconds(key, value); break;
                case "throwonappendfailure": settings.OperationOptions.ThrowOnAppendFailure = Flag(key, value); break;
                case "keepaliveinterval": reach.KeepAliveInterval = KeepAlive(key, value); break;
                case "keepalivetimeout": reach.KeepAliveTimeout = KeepAlive(key, value); break;
                case "usercertfile": case "userkeyfile": reach.ClientCertificate = ClientCertificate(options); break;
                default: throw new InvalidSettingException($"Unknown option: {key}");
            }
    }

    private static int Number(string key, string value) =>
        int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidSettingException($"{key} must be an integer value");

    private static TimeSpan Milliseconds(string key, string value) => TimeSpan.FromMilliseconds(Number(key, value));

    private static TimeSpan KeepAlive(string key, string value) => Number(key, value) switch
    {
        -1 => System.Threading.Timeout.InfiniteTimeSpan,
        >= 0 and var milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        _ => throw new InvalidSettingException($"Invalid {key}: {value}"),
    };

    private static bool? Flag(Dictionary<string, string> options, string key) =>
        options.TryGetValue(key, out var value) ? Flag(key, value) : null;

    private static bool Flag(string key, string value) =>
        bool.TryParse(value, out var flag) ? flag : throw new InvalidSettingException($"{key} must be either true or false");

    private static NodePreference Preference(string value) => value.ToLowerInvariant() switch
    {
        "leader" => NodePreference.Leader,
        "follower" => NodePreference.Follower,
        "random" => NodePreference.Random,
        "readonlyreplica" => NodePreference.ReadOnlyReplica,
        _ => throw new InvalidSettingException($"Invalid NodePreference: {value}"),
    };

    private static X509Certificate2 Authority(string path)
    {
        if (!File.Exists(path)) throw new InvalidClientCertificateException("Failed to load certificate. File was not found.");
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (CryptographicException)
        {
            throw new InvalidClientCertificateException("Failed to load certificate. Invalid file format.");
        }
    }

    private static X509Certificate2 ClientCertificate(Dictionary<string, string> options)
    {
        if (!options.TryGetValue("userCertFile", out var certificate) || !options.TryGetValue("userKeyFile", out var key))
            throw new InvalidClientCertificateException(
                "Invalid client certificate settings. Both UserCertFile and UserKeyFile must be set.");
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception unreadable) when (unreadable is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new InvalidClientCertificateException("Failed to create client certificate.", unreadable);
        }
    }
}
