using Metering.Bench.Contestants;
using Metering.Bench.Loads;
using Metering.Bench.Processes;

namespace Metering.Bench;

/// <summary>
/// Before the first row of a host: what runs often is compiled a second time, by what it did so far (tiered compilation with PGO).
/// </summary>
internal static class Warming
{
    private const int Callers = 64;

    internal static async Task Warm(this HostProcess host, Users users, Tally tally, TimeSpan time)
    {
        using var unary = new UnaryCalls(host);
        await new Load(unary, users, tally, host.Server).Closed(Callers, new Bounds(time, TimeSpan.Zero, 0));
    }
}
