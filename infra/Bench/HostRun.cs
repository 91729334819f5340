using Metering.Bench.Contestants;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;

namespace Metering.Bench;

/// <summary>Loads on one host, one after the other, each followed by the audit of what is stored.</summary>
internal sealed class HostRun(HostProcess host, Store store, Tally tally, Audit audit, Report report)
{
    /// <summary>Data and metadata of an average event.</summary>
    internal int BytesPerEvent => (int)(audit.Bytes / Math.Max(1, audit.Events));

    internal Task Closed(string name, IContestant contestant, Users users, int callers, Bounds bounds) =>
        Measure(name, users, callers, () => new Load(contestant, users, tally, host.Server).Closed(callers, bounds));

    internal Task Paced(string name, IContestant contestant, double perSecond, Bounds bounds) =>
        Measure(name, Users.Spread, 0, () => new Load(contestant, Users.Spread, tally, host.Server).Paced(perSecond, bounds));

    private async Task Measure(string name, Users users, int callers, Func<Task<Measured>> run)
    {
        var (size, bytes, cycles) = (store.Size(), audit.Bytes, tally.Total);
        var load = run();
        var visible = await new Visible(host).During(load);
        var measured = await load;
        var stored = store.Size() - size;
        var wrong = await audit.Mismatches();
        var perCycle = (stored ?? audit.Bytes - bytes) / (double)Math.Max(1, tally.Total - cycles);
        report.Add(Row.Of($"{name}, {store.Name}", users, callers, measured, perCycle, wrong, store.Durability));
        report.Add(new Figure(FormattableString.Invariant($"projection lag: {name}, {store.Name}, {users.Name}, {callers}"),
            visible.At(99), "ms",
            FormattableString.Invariant($"answer to visible in balances under this load, p99 of {visible.Count}")));
    }
}
