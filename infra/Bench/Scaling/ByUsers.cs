using Metering.Bench.Contestants;
using Metering.Bench.Histories;
using Metering.Bench.Loads;
using Metering.Bench.Overload;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;

namespace Metering.Bench.Scaling;

/// <summary>
/// More and more users of one store, drawn at random: on a host that keeps none of them in memory, then on one that keeps all.
/// </summary>
internal sealed class ByUsers(Settings settings, Report report)
{
    private const int Callers = 64;
    private const int CountedFrom = 100_000; // with fewer users their share is lost among the rest of a process's memory

    internal async Task Measure()
    {
        var (sizes, folder) = (settings.ScaleUsers, settings.Work("scale-users"));
        var store = Store.File(Path.Combine(folder, "streams.db"));
        await using (var streams = store.Open()) await Filling.Fill(streams.Port, sizes[^1]);
        var tally = new Tally(sizes[^1]);
        var audit = new Audit(store, tally, sizes[^1]);
        await using (var host = await Hosts.Start(folder, store, FirstCommand.Keeps(1)))
        {
            await host.Warm(new Users(0, sizes[0]), tally, settings.ScaleWarmUp);
            foreach (var users in sizes) await Load(host, users, "none in memory", tally, audit, null);
        }
        await using (var host = await Hosts.Start(folder, store, FirstCommand.Keeps(2 * sizes[^1]))) await Kept(host, tally, audit);
    }

    private async Task Kept(HostProcess host, Tally tally, Audit audit)
    {
        await host.Warm(new Users(0, settings.ScaleUsers[0]), tally, settings.ScaleWarmUp);
        var before = host.Memory();
        foreach (var users in settings.ScaleUsers)
        {
            using (var flood = new Flood(host, tally)) await flood.Once(users);
            await Load(host, users, "all in memory", tally, audit, before);
        }
    }

    private async Task Load(HostProcess host, int users, string how, Tally tally, Audit audit, long? before)
    {
        using var unary = new UnaryCalls(host);
        var measured = await new Load(unary, new Users(0, users), tally, host.Server).Closed(Callers, settings.ScaleBounds);
        var resident = host.Memory();
        report.Add(Scaled.Of("users", users, how, measured, resident) with
        {
            BytesPerUser = users >= CountedFrom ? (double?)(resident - before) / users : null, Mismatches = await audit.Mismatches(),
        });
    }
}
