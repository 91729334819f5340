using System.Net;
using System.Net.Sockets;

namespace Metering.SystemTests;

/// <summary>A port behind which a server is once it is opened: before, nobody answers there.</summary>
internal sealed class Door : IDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource closed = new();
    private readonly (string Host, int Port) server;

    public Door(string host, int port)
    {
        server = (host, port);
        // bound and not listening: connections are refused, and nobody else takes the port
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    public void Open()
    {
        listener.Listen();
        _ = Serve();
    }

    public void Dispose()
    {
        closed.Cancel();
        listener.Dispose();
        closed.Dispose();
    }

    private async Task Serve()
    {
        while (true) _ = Join(await listener.AcceptAsync(closed.Token));
    }

    private async Task Join(Socket caller)
    {
        using var there = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await there.ConnectAsync(server.Host, server.Port, closed.Token);
        await using var near = new NetworkStream(caller, ownsSocket: true);
        await using var far = new NetworkStream(there);
        await Task.WhenAny(near.CopyToAsync(far, closed.Token), far.CopyToAsync(near, closed.Token));
    }
}
