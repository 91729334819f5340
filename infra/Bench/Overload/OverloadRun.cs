using Metering.Bench.Contestants;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;

namespace Metering.Bench.Overload;

/// <summary>
/// Commands at four times the rate that the host answers at its best: how many it still does, how soon it refuses the others, and what
/// memory it takes.
/// </summary>
internal sealed class OverloadRun(HostProcess host, Audit audit, Tally tally, Report report, TimeSpan time)
{
    internal const double Times = 4;
    internal const string Peak = "overload: the peak before";
    internal const string Done = "overload: done";
    internal const string Refusals = "overload: refusals, p99";
    internal const string MemoryBefore = "overload: memory at the peak";
    internal const string MemoryAfter = "overload: memory";

    internal async Task Measure()
    {
        using var flood = new Flood(host, tally);
        await flood.Closed(256, time);
        var peak = Math.Max((await flood.Closed(64, time / 2)).AcceptedPerSecond, (await flood.Closed(256, time / 2)).AcceptedPerSecond);
        var memory = host.MemoryMost();
        Add(Peak, peak, "commands/s", "usage tracked, the better of 64 and 256 under way");
        Tell(await flood.Open(peak * Times, time));
        Add(MemoryBefore, memory / 1048576.0, "MiB", "the most that was resident so far");
        Add(MemoryAfter, host.MemoryMost() / 1048576.0, "MiB", "the same after the overload");
        if (await audit.Mismatches() is > 0 and var wrong) throw new InvalidOperationException($"{wrong} users' ledgers do not add up");
    }

    private void Tell(Flooded flooded)
    {
        var seconds = flooded.Took.TotalSeconds;
        Add("overload: offered", flooded.Offered / seconds, "commands/s",
            FormattableString.Invariant($"{Times} times the peak; {flooded.Unsent:N0} of {flooded.Offered:N0} not sent"));
        Add(Done, flooded.AcceptedPerSecond, "commands/s",
            FormattableString.Invariant($"p50 {flooded.Accepted.At(50):0.0} ms, p99 {flooded.Accepted.At(99):0.0} ms"));
        Add(Refusals, flooded.Refused.At(99), "ms",
            FormattableString.Invariant($"{flooded.Refused.Count:N0} RESOURCE_EXHAUSTED, p50 {flooded.Refused.At(50):0.0} ms"));
        Add("overload: other answers", flooded.Others.Values.Sum(), "",
            string.Join(", ", flooded.Others.Select(other => FormattableString.Invariant($"status {other.Key}: {other.Value:N0}"))));
        Add("overload: processor time of the bench", flooded.ClientSeconds * 1e6 / flooded.Offered, "µs", "per command offered");
    }

    private void Add(string name, double value, string unit, string what) => report.Add(new Figure(name, value, unit, what));
}
