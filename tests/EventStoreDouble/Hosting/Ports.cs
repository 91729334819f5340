using System.Net;
using System.Net.Sockets;

namespace Metering.EventStoreDouble.Hosting;

/// <summary>Ports that a stopped node finds free when it comes back: below those that the system gives to outgoing connections.</summary>
internal static class Ports
{
    private const int First = 20_000, End = 32_000;
    private static int _next = First + Environment.ProcessId * 37 % (End - First);

    public static IEnumerable<int> Take(int first, int count) =>
        first > 0 ? Enumerable.Range(first, count) : Enumerable.Range(0, count).Select(_ => Free()).ToList();

    private static int Free()
    {
        for (; ; )
        {
            var port = First + (Interlocked.Increment(ref _next) - First) % (End - First);
            if (IsFree(port)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
