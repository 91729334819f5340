using Grpc.Net.Client;
using Metering.Bench.Contestants;
using Metering.V1;

namespace Metering.Bench;

/// <summary>One Reserve at a host that runs already, and nothing after it: to look at what that does for it. See NOTES.md.</summary>
internal static class Once
{
    internal static async Task Reserve(Uri host)
    {
        using var channel = GrpcChannel.ForAddress(host);
        await Shop.Open(channel, users: 1);
        var reply = await new Reservations.ReservationsClient(channel).ReserveAsync(Requests.Reserve(0));
        Requests.Check(reply);
        Console.WriteLine($"answered {TimeProvider.System.GetLocalNow():HH:mm:ss.ffffff}");
    }
}
