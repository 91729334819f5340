using Microsoft.Extensions.Configuration;

namespace Metering.Kernel.Messaging;

/// <summary>A RabbitMQ broker as the setting <c>Bus</c> names it.</summary>
/// <param name="VirtualHost"><c>/</c> where the setting names none.</param>
public sealed record BrokerAddress(string Host, ushort Port, string VirtualHost, string User, string Password)
{
    public const string Setting = "Bus";

    private const ushort DefaultPort = 5672;
    private const string Expected = "expected memory or amqp://user:password@host:port/vhost (a / in the vhost is written %2F)";

    /// <summary>The broker to use; none = the bus is in memory.</summary>
    /// <exception cref="InvalidOperationException">The setting is neither <c>memory</c> (the default) nor such an address.</exception>
    public static BrokerAddress? Of(IConfiguration configuration) =>
        configuration[Setting] is { Length: > 0 } given && given != "memory" ? Parse(given) : null;

    /// <summary>Where it is, without the password: this is what may be shown.</summary>
    public override string ToString() => $"amqp://{Host}:{Port}/{(VirtualHost == "/" ? "" : Uri.EscapeDataString(VirtualHost))}";

    private static BrokerAddress Parse(string given)
    {
        if (!Uri.TryCreate(given, UriKind.Absolute, out var uri) || uri.Scheme != "amqp") throw Wrong(given);
        var login = uri.UserInfo.Split(':');
        if (login.Length != 2 || login[0].Length == 0 || uri.Host.Length == 0) throw Wrong(given);
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.AbsolutePath.LastIndexOf('/') > 0) throw Wrong(given);
        return new(
            uri.DnsSafeHost, uri.Port > 0 ? (ushort)uri.Port : DefaultPort, VirtualHostOf(uri),
            Uri.UnescapeDataString(login[0]), Uri.UnescapeDataString(login[1]));
    }

    private static string VirtualHostOf(Uri uri) =>
        uri.AbsolutePath.TrimStart('/') is { Length: > 0 } name ? Uri.UnescapeDataString(name) : "/";

    // shown up to its scheme: a password may be in the rest
    private static InvalidOperationException Wrong(string given)
    {
        var rest = given.IndexOf("://", StringComparison.Ordinal);
        return new($"{Setting} is '{(rest < 0 ? given : $"{given[..rest]}://…")}'; {Expected}");
    }
}
