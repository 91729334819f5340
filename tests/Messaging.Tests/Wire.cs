using System.Net;
using System.Net.Sockets;
using Metering.Kernel.Messaging;

namespace Metering.Messaging.Tests;

/// <summary>The connection between a process and its broker, where it can be cut.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly BrokerAddress broker;
    private readonly List<TcpClient> open = [];
    private readonly Task accepting;

    public Wire(BrokerAddress broker)
    {
        this.broker = broker;
        listener.Start();
        accepting = Accept();
    }

    public string Address => $"amqp://{broker.User}:{broker.Password}@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    /// <summary>How many connections were made so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Ends every connection without a word; new ones are let through.</summary>
    public void Cut()
    {
        lock (open)
        {
            foreach (var socket in open) socket.Dispose();
            open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        Cut();
        await accepting;
    }

    private async Task Accept()
    {
        try
        {
            while (true) Join(await listener.AcceptTcpClientAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    private void Join(TcpClient near)
    {
        var far = new TcpClient(broker.Host, broker.Port);
        lock (open)
        {
            Connections++;
            open.AddRange([near, far]);
        }
        _ = Carry(near, far);
        _ = Carry(far, near);
    }

    private static async Task Carry(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception cut) when (cut is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // cut
        }
        to.Dispose();
    }
}
