using EventStore.Client;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>How to reach an EventStoreDB or KurrentDB node (23.10 or newer) or cluster.</summary>
public sealed class EventStoreSettings
{
    private const string BadCredentials = "before the @ there must be user:password, neither with a : or an @ in it";

    // a node that is away must be noticed soon: the client's own defaults wait five and ten seconds
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(1);

    private EventStoreSettings(EventStoreClientSettings client) => Client = client;

    internal EventStoreClientSettings Client { get; }

    /// <summary>Whether a setting names this kind of store: <c>esdb://</c> or <c>kurrentdb://</c>, with <c>+discover</c> or
    /// without.</summary>
    public static bool Names(string setting) => setting.Split("://") is [var scheme, _, ..] && Scheme(scheme) is not null;

    /// <summary>
    /// Reads a connection string: <c>esdb://user:password@host:port?tls=false</c>, <c>kurrentdb+discover://a:2113,b:2113</c> and the
    /// like. What it does not say is set so that a store that is away is noticed within a second.
    /// </summary>
    /// <exception cref="FormatException">It says what is wrong, without the password.</exception>
    public static EventStoreSettings Parse(string connectionString)
    {
        // the client would take what follows the first one for a host
        if (connectionString.Split('?')[0].Count(letter => letter == '@') > 1) throw new FormatException(BadCredentials);
        try
        {
            var client = EventStoreClientSettings.Create(WithKnownScheme(connectionString));
            NoticeSoon(client, connectionString);
            // a wrong revision is an everyday answer here, whatever the string says
            client.OperationOptions.ThrowOnAppendFailure = false;
            return new EventStoreSettings(client);
        }
        catch (Exception bad) when (bad is ConnectionStringParseException or ArgumentException or FormatException)
        {
            throw new FormatException(Reason(bad), bad);
        }
    }

    private static string? Scheme(string scheme) => scheme switch
    {
        "esdb" or "kurrentdb" or "kurrent" => "esdb",
        "esdb+discover" or "kurrentdb+discover" or "kurrent+discover" => "esdb+discover",
        _ => null,
    };

    // the client of the 23 series knows the product by its older name only; the protocol is the same
    private static string WithKnownScheme(string text) =>
        text.Split("://", 2) is [var scheme, var rest] && Scheme(scheme) is { } known ? $"{known}://{rest}" : text;

    private static void NoticeSoon(EventStoreClientSettings client, string text)
    {
        var reach = client.ConnectivitySettings;
        if (!Says(text, "gossipTimeout")) reach.GossipTimeout = ConnectWithin;
        if (!Says(text, "defaultDeadline")) client.DefaultDeadline = 2 * ConnectWithin;
        // the first attempt of a new client only learns the seeds, the second asks them
        if (!Says(text, "maxDiscoverAttempts")) reach.MaxDiscoverAttempts = 2;
        var create = client.CreateHttpMessageHandler!;
        client.CreateHttpMessageHandler = () =>
        {
            var handler = create();
            if (handler is SocketsHttpHandler sockets) sockets.ConnectTimeout = ConnectWithin;
            return handler;
        };
    }

    private static bool Says(string text, string option) => text.Contains($"{option}=", StringComparison.OrdinalIgnoreCase);

    // these two quote what stands where the password may stand
    private static string Reason(Exception bad) => bad switch
    {
        InvalidUserCredentialsException => BadCredentials,
        InvalidHostException => "after the credentials there must be host:port, several of them with commas between",
        _ => bad.Message,
    };
}
