using System.Diagnostics;
using System.Globalization;
using Metering.Bench.Contestants;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;
using Metering.V1;

namespace Metering.Bench.Histories;

/// <summary>
/// The first command for a user whom the host does not have in memory: it is told to keep one user only (it keeps a few where some are in
/// use), so
/// that going round many users makes every command a first one.
/// </summary>
internal sealed class FirstCommand(HostProcess host, string longUser, IReadOnlyList<string> shortUsers)
{
    private const int WarmUp = 5;
    private const int Rounds = 30;

    /// <summary>The setting of a host that keeps so many users in memory; with 1 it forgets.</summary>
    internal static (string, string) Keeps(int users) =>
        ("Reservations__Deciding__StreamsCached", users.ToString(CultureInfo.InvariantCulture));

    internal async Task<IReadOnlyList<Figure>> Measure()
    {
        using var channel = host.Connect();
        var reservations = new Reservations.ReservationsClient(channel);
        await new Catalog.CatalogClient(channel).DeclareMeterAsync(new() { Meter = new() { Name = Cycle.Meter, Unit = "tokens" } });
        foreach (var user in shortUsers) await Milliseconds(reservations, user);
        var folded = await Milliseconds(reservations, longUser);
        var (longs, shorts) = (new List<double>(), new List<double>());
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            foreach (var user in shortUsers) shorts.Add(await Milliseconds(reservations, user));
            longs.Add(await Milliseconds(reservations, longUser));
        }
        longs.RemoveRange(0, WarmUp);
        shorts.RemoveRange(0, WarmUp * shortUsers.Count);
        return
        [
            new("first command, long history", new Latencies(longs).At(50), "ms", "median, from the snapshot"),
            new("first command, short history", new Latencies(shorts).At(50), "ms", "median, 1,000 events"),
            new("first command, long history, no snapshot", folded, "ms", "once: every event is folded"),
        ];
    }

    /// <summary>One command, sent and answered.</summary>
    internal static async Task<double> Milliseconds(Reservations.ReservationsClient reservations, string user)
    {
        var request = new ReserveRequest
        {
            User = user, CommandId = Requests.NewId(), Lines = { new Line { Meter = Cycle.Meter, Quantity = 1 } },
        };
        var started = Stopwatch.GetTimestamp();
        Requests.Check(await reservations.ReserveAsync(request));
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
