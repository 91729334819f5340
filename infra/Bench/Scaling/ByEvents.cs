using Metering.Bench.Contestants;
using Metering.Bench.Histories;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;
using V1 = Metering.V1;

namespace Metering.Bench.Scaling;

/// <summary>Users with more and more past events: the first command for each, then a load on it alone.</summary>
internal sealed class ByEvents(Settings settings, Report report)
{
    private const int Callers = 64;
    private const int Rounds = 20;

    internal async Task Measure()
    {
        var (sizes, folder) = (settings.ScaleEvents, settings.Work("scale-events"));
        var store = Store.File(Path.Combine(folder, "streams.db"));
        await using (var streams = store.Open())
            for (var user = 0; user < sizes.Length; user++) await Writing.Write(streams.Port, Requests.User(user), sizes[user]);
        await using var host = await Hosts.Start(folder, store, FirstCommand.Keeps(1));
        var (folds, firsts) = await Firsts(host, sizes.Length);
        for (var user = 0; user < sizes.Length; user++) await MakeRoom(host, user);
        await host.Warm(new Users(0, 1), new Tally(), settings.ScaleWarmUp);
        for (var user = 0; user < sizes.Length; user++)
            report.Add(await Load(host, user, sizes[user]) with { FoldMs = folds[user], FirstMs = firsts[user].At(50) });
    }

    // going round makes every command a first one: the host keeps one user
    private static async Task<(double[] Folds, Latencies[] Firsts)> Firsts(HostProcess host, int users)
    {
        using var channel = host.Connect();
        var (client, rounds) = (new V1.Reservations.ReservationsClient(channel), new List<double[]>());
        for (var round = 0; round <= Rounds; round++)
        {
            var times = new double[users];
            for (var user = 0; user < users; user++) times[user] = await FirstCommand.Milliseconds(client, Requests.User(user));
            rounds.Add(times);
        }
        return (rounds[0], [.. Enumerable.Range(0, users).Select(user => new Latencies(rounds.Skip(1).Select(times => times[user])))]);
    }

    // a plan with room for any load
    private static async Task MakeRoom(HostProcess host, int user)
    {
        using var channel = host.Connect();
        await new V1.Accounts.AccountsClient(channel).AssignPlanAsync(new()
        {
            User = Requests.User(user), CommandId = Requests.NewId(), PlanId = Shop.PlanId, Change = V1.PlanChange.NowReset,
        });
    }

    private async Task<Scaled> Load(HostProcess host, int user, int events)
    {
        using var unary = new UnaryCalls(host);
        var load = new Load(unary, new Users(user, 1), new Tally(), host.Server);
        return Scaled.Of("events of a user", events, "one user", await load.Closed(Callers, settings.ScaleBounds), host.Memory());
    }
}
