using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Metering.Bench.Loads;
using Metering.Bench.Processes;

namespace Metering.Bench.Overload;

/// <summary>What came of a flood. Latencies from the write to the socket to the read from it.</summary>
/// <param name="Offered">Calls that were due.</param>
/// <param name="Unsent">Of these, calls that were not sent: as many were under way as connections carry.</param>
/// <param name="Others">Answers by another status, or none.</param>
internal sealed record Flooded(
    TimeSpan Took, Latencies Accepted, Latencies Refused, long Offered, long Unsent, IReadOnlyDictionary<int, int> Others,
    double ClientSeconds)
{
    internal double AcceptedPerSecond => Accepted.Count / Took.TotalSeconds;
}

/// <summary>
/// Calls that wait for nothing in this process: a fixed number under way, or so many a second whatever the answers take.
/// </summary>
internal sealed class Flood : IDisposable
{
    private const int Connections = 8;

    private sealed class Seen
    {
        internal readonly ConcurrentBag<long> Accepted = [];
        internal readonly ConcurrentBag<long> Refused = [];
        internal readonly ConcurrentDictionary<int, int> Others = [];
    }

    private readonly Tally tally;
    private readonly BareConnection[] connections;
    private volatile Seen seen = new();
    private volatile Func<int?> users = static () => null;
    private volatile bool refills;

    internal Flood(HostProcess host, Tally tally)
    {
        this.tally = tally;
        connections = [.. Enumerable.Range(0, Connections).Select(_ => new BareConnection(host.Address, Answered))];
    }

    /// <summary>So many calls under way: each answer is followed by the next call.</summary>
    internal Task<Flooded> Closed(int underWay, TimeSpan time) => Measure(async () =>
    {
        Begin(underWay, Anyone);
        await Task.WhenAny([Task.Delay(time), .. connections.Select(connection => connection.Ended)]);
        refills = false;
        return (0, 0);
    });

    private void Begin(int underWay, Func<int?> next)
    {
        (users, refills) = (next, true);
        for (var call = 0; call < underWay; call++) Next(connections[call % Connections]);
        foreach (var connection in connections) connection.Flush();
    }

    /// <summary>A call for each of the first users: the host has them in memory then, if it keeps so many.</summary>
    internal Task<Flooded> Once(int first) => Measure(async () =>
    {
        var user = -1;
        Begin(256, () => Interlocked.Increment(ref user) is var next && next < first ? next : null);
        await Answers(TimeSpan.FromMinutes(5));
        return (0, 0);
    });

    /// <summary>So many calls a second, in bursts of a millisecond.</summary>
    internal Task<Flooded> Open(double perSecond, TimeSpan time) => Measure(async () =>
    {
        (users, refills) = (Anyone, false);
        var (started, offered, unsent) = (Stopwatch.GetTimestamp(), 0L, 0L);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (Stopwatch.GetElapsedTime(started) < time && await timer.WaitForNextTickAsync())
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * perSecond); offered < due; offered++)
                if (!Next(connections[offered % Connections])) unsent++;
            foreach (var connection in connections) connection.Flush();
        }
        return (offered, unsent);
    });

    public void Dispose()
    {
        foreach (var connection in connections) connection.Dispose();
    }

    private async Task<Flooded> Measure(Func<Task<(long Offered, long Unsent)>> run)
    {
        seen = new Seen();
        var (started, client) = (Stopwatch.GetTimestamp(), Server.Own.ProcessorSeconds()!.Value);
        var (offered, unsent) = await run();
        await Answers(TimeSpan.FromSeconds(30));
        return new Flooded(
            Stopwatch.GetElapsedTime(started), Latencies.OfTicks(seen.Accepted), Latencies.OfTicks(seen.Refused), offered, unsent,
            seen.Others, Server.Own.ProcessorSeconds()!.Value - client);
    }

    private async Task Answers(TimeSpan patience)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (connections.Any(connection => !connection.IsIdle) && await timer.WaitForNextTickAsync())
        {
            if (connections.FirstOrDefault(connection => connection.Ended.IsCompleted) is { } ended) await ended.Ended;
            if (Stopwatch.GetElapsedTime(started) > patience) throw new TimeoutException($"calls were not answered within {patience}");
        }
    }

    private static int? Anyone() => Users.Spread.First + Random.Shared.Next(Users.Spread.Count);

    private bool Next(BareConnection connection) => users() is { } user && connection.TryAdd(user);

    private void Answered(BareConnection connection, int user, long ticks, int status)
    {
        if (status == (int)StatusCode.OK) tally.Acknowledge(user);
        if (status == (int)StatusCode.OK) seen.Accepted.Add(ticks);
        else if (status == (int)StatusCode.ResourceExhausted) seen.Refused.Add(ticks);
        else seen.Others.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (status is not ((int)StatusCode.OK or (int)StatusCode.ResourceExhausted)) tally.Lose(user);
        if (refills) Next(connection);
    }
}
