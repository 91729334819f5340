using Metering.Bench.Contestants;
using Metering.Bench.Histories;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;

namespace Metering.Bench.Scaling;

/// <summary>More and more hosts on one store and one machine: users divided among them, or each host serving whoever comes.</summary>
internal sealed class ByInstances(Settings settings, Report report)
{
    private const int Callers = 64;
    private const int Most = 3;

    /// <param name="folder">Empty.</param>
    internal async Task Measure(Store store, string folder)
    {
        var tally = new Tally();
        var (audit, hosts) = (new Audit(store, tally), new List<HostProcess>());
        await using (var streams = store.Open()) await Filling.Fill(streams.Port, Users.Spread.Count);
        try
        {
            while (hosts.Count < Most)
            {
                hosts.Add(await Hosts.Start(Path.Combine(folder, $"host-{hosts.Count}"), store));
                await hosts[^1].Warm(Users.Spread, tally, settings.ScaleWarmUp);
                foreach (var divided in hosts.Count == 1 ? [true] : (bool[])[true, false]) await Load(hosts, divided, store, tally, audit);
            }
        }
        finally
        {
            foreach (var host in hosts) await host.DisposeAsync();
        }
    }

    private async Task Load(List<HostProcess> hosts, bool divided, Store store, Tally tally, Audit audit)
    {
        using var calls = new Instances(hosts, divided);
        var server = new Server([.. hosts.SelectMany(host => host.Server.Pids)]);
        var measured = await new Load(calls, Users.Spread, tally, server).Closed(Callers, settings.ScaleBounds);
        var how = $"{store.Name}{(hosts.Count == 1 ? "" : divided ? ", divided" : ", any host")}";
        report.Add(Scaled.Of("instances", hosts.Count, how, measured, hosts.Sum(host => host.Memory())) with
        {
            Mismatches = await audit.Mismatches(),
        });
    }

    private sealed class Instances(List<HostProcess> hosts, bool divided) : IContestant, IDisposable
    {
        private readonly UnaryCalls[] each = [.. hosts.Select(host => new UnaryCalls(host))];

        public Task Cycle(int caller, int user) => each[(divided ? user : caller) % each.Length].Cycle(caller / each.Length, user);

        public void Dispose()
        {
            foreach (var calls in each) calls.Dispose();
        }
    }
}
