using System.Diagnostics;
using Grpc.Core;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.V1;

namespace Metering.Bench.Contestants;

/// <summary>How long after its answer a command is in the read models, again and again while others load the host.</summary>
internal sealed class Visible(HostProcess host)
{
    // seldom enough not to be a load itself
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    /// <summary>Samples until the load is over; at least one.</summary>
    internal async Task<Latencies> During(Task load)
    {
        using var channel = host.Connect();
        var (reservations, balances) = (new Reservations.ReservationsClient(channel), new Balances.BalancesClient(channel));
        var samples = new List<double>();
        do
        {
            var request = new TrackRequest
            {
                User = Shop.Probe, CommandId = Requests.NewId(), Mode = TrackMode.Enforced,
                Lines = { new Line { Meter = Cycle.Meter, Quantity = 1 } },
            };
            var tracked = await Insist(() => reservations.TrackAsync(request));
            var answered = Stopwatch.GetTimestamp();
            while (await Revision(balances) < tracked.Tracked.Revision) await Task.Delay(1);
            samples.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
            await Task.WhenAny(load, Task.Delay(BetweenLooks));
        }
        while (!load.IsCompleted);
        return new Latencies(samples);
    }

    private static async Task<long> Revision(Balances.BalancesClient balances)
    {
        try
        {
            return (await Insist(() => balances.GetBalanceAsync(new() { User = Shop.Probe }))).Usage.Revision;
        }
        catch (RpcException unknown) when (unknown.StatusCode == StatusCode.NotFound)
        {
            return -1;
        }
    }

    /// <summary>Under load a probe may be refused, too: it asks again.</summary>
    private static async Task<T> Insist<T>(Func<AsyncUnaryCall<T>> call)
    {
        while (true)
            try
            {
                return await call();
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.ResourceExhausted)
            {
                await Task.Delay(1);
            }
    }
}
