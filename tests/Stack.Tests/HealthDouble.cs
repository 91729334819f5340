using System.Net;
using System.Net.Sockets;

namespace Metering.StackTests;

/// <summary>A service's health port that gives these answers by turns, one per connection, and the last one from then on.</summary>
internal sealed class HealthDouble : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public HealthDouble(params string[] answers)
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = Serve(answers);
    }

    public int Port { get; }

    public void Dispose() => listener.Dispose();

    private async Task Serve(IReadOnlyList<string> answers)
    {
        for (var turn = 0; ; turn++)
        {
            using var asking = await listener.AcceptTcpClientAsync();
            await Answer(asking.GetStream(), answers[Math.Min(turn, answers.Count - 1)]);
        }
    }

    private static async Task Answer(NetworkStream connection, string answer)
    {
        using var request = new StreamReader(connection);
        await using var reply = new StreamWriter(connection);
        try
        {
            while (await request.ReadLineAsync() is { Length: > 0 }) { }
            await reply.WriteAsync(answer);
            await reply.FlushAsync();
        }
        catch (IOException)
        {
            // who asked has left
        }
    }
}
