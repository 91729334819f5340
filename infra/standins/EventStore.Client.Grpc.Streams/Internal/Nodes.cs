using System.Net;

namespace EventStore.Client;

internal static class Nodes
{
    public static DnsEndPoint Of(EndPoint node) => node switch
    {
        DnsEndPoint dns => dns,
        IPEndPoint ip => new DnsEndPoint(ip.Address.ToString(), ip.Port),
        _ => throw new ArgumentException($"not the address of a node: {node}", nameof(node)),
    };
}
