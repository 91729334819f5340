using System.Collections.Concurrent;
using System.Diagnostics;
using Metering.Bench.Processes;

namespace Metering.Bench.Loads;

/// <summary>How long to warm up and to measure; the measurement ends with either limit.</summary>
internal readonly record struct Bounds(TimeSpan WarmUp, TimeSpan Time, int CyclesMost);

/// <summary>What came of a load. Processor seconds are those of all threads.</summary>
internal sealed record Measured(Latencies Latencies, TimeSpan Took, long Errors, string? FirstError, double ClientSeconds,
    double? ServerSeconds)
{
    internal double PerSecond => Latencies.Count / Took.TotalSeconds;
}

/// <summary>Drives a contestant: warms up, then measures.</summary>
internal sealed class Load(IContestant contestant, Users users, Tally tally, Server server)
{
    private readonly record struct Drive(long Until, int CyclesMost);

    private readonly ConcurrentBag<string> failures = [];
    private long begun;

    /// <summary>A closed loop: each caller begins its next cycle when the last one ended.</summary>
    internal Task<Measured> Closed(int callers, Bounds bounds) => Measure(bounds, drive => Callers(callers, drive));

    /// <summary>
    /// An open loop: so many cycles begin per second, whatever the answers take, in bursts of a millisecond. Latency counts from a cycle's
    /// begin.
    /// </summary>
    internal Task<Measured> Paced(double perSecond, Bounds bounds) => Measure(bounds, drive => Arrivals(perSecond, drive));

    private async Task<Measured> Measure(Bounds bounds, Func<Drive, Task<IEnumerable<long>>> run)
    {
        await run(Begin(bounds.WarmUp, int.MaxValue));
        failures.Clear();
        var (client, served, started) = (Server.Own.ProcessorSeconds(), server.ProcessorSeconds(), Stopwatch.GetTimestamp());
        var ticks = await run(Begin(bounds.Time, bounds.CyclesMost));
        var took = Stopwatch.GetElapsedTime(started);
        return new Measured(
            Latencies.OfTicks(ticks), took, failures.Count, failures.FirstOrDefault(), Server.Own.ProcessorSeconds()!.Value - client!.Value,
            server.ProcessorSeconds() - served);
    }

    private Drive Begin(TimeSpan time, int most)
    {
        begun = 0;
        return new Drive(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency), most);
    }

    private async Task<IEnumerable<long>> Callers(int callers, Drive drive)
    {
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => Call(caller, drive))));
        return all.SelectMany(ticks => ticks);
    }

    private async Task<List<long>> Call(int caller, Drive drive)
    {
        var (ticks, random) = (new List<long>(), new Random(caller));
        while (Stopwatch.GetTimestamp() < drive.Until && Interlocked.Increment(ref begun) <= drive.CyclesMost)
            if (await Once(caller, users.First + random.Next(users.Count)) is { } taken) ticks.Add(taken);
        return ticks;
    }

    private async Task<IEnumerable<long>> Arrivals(double perSecond, Drive drive)
    {
        var (ticks, idle, under, random) = (new ConcurrentBag<long>(), new ConcurrentBag<int>(), new List<Task>(), new Random(1));
        var (started, lanes) = (Stopwatch.GetTimestamp(), 0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (Stopwatch.GetTimestamp() < drive.Until && under.Count < drive.CyclesMost && await timer.WaitForNextTickAsync())
        {
            var due = Math.Min((int)(Stopwatch.GetElapsedTime(started).TotalSeconds * perSecond), drive.CyclesMost);
            while (under.Count < due)
            {
                var (lane, user) = (idle.TryTake(out var free) ? free : lanes++, users.First + random.Next(users.Count));
                under.Add(Task.Run(async () =>
                {
                    if (await Once(lane, user) is { } taken) ticks.Add(taken);
                    idle.Add(lane);
                }));
            }
        }
        await Task.WhenAll(under);
        return ticks;
    }

    private async Task<long?> Once(int caller, int user)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await contestant.Cycle(caller, user);
        }
        catch (Exception failure)
        {
            tally.Lose(user);
            failures.Add($"{failure.GetType().Name}: {failure.Message}");
            return null;
        }
        tally.Acknowledge(user);
        return Stopwatch.GetTimestamp() - started;
    }
}
