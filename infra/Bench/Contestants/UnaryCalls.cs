using Grpc.Net.Client;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.V1;

namespace Metering.Bench.Contestants;

/// <summary>Ours, over unary gRPC: a Reserve and a Commit.</summary>
internal sealed class UnaryCalls : IContestant, IDisposable
{
    private const int Connections = 4;

    private readonly GrpcChannel[] channels;
    private readonly Reservations.ReservationsClient[] clients;

    internal UnaryCalls(HostProcess host)
    {
        channels = [.. Enumerable.Range(0, Connections).Select(_ => host.Connect())];
        clients = [.. channels.Select(channel => new Reservations.ReservationsClient(channel))];
    }

    public async Task Cycle(int caller, int user)
    {
        var client = clients[caller % clients.Length];
        var reserve = Requests.Reserve(user);
        Requests.Check(await client.ReserveAsync(reserve));
        Requests.Check(await client.CommitAsync(Requests.Commit(reserve)));
    }

    public void Dispose()
    {
        foreach (var channel in channels) channel.Dispose();
    }
}
