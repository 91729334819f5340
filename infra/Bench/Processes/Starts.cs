using System.Diagnostics;
using Metering.Bench.Loads;
using Metering.Bench.Reporting;
using Metering.V1;

namespace Metering.Bench.Processes;

/// <summary>How long programs take from their start.</summary>
internal static class Starts
{
    /// <summary>A host on a fresh folder, from the start of its process to its first answer; the median of some.</summary>
    internal static async Task<Figure> Cold(string folder, int times)
    {
        var seconds = new List<double>();
        for (var n = 0; n < times; n++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var host = await HostProcess.Start(Path.Combine(folder, FormattableString.Invariant($"cold-{n}")), "sqlite");
            using var channel = host.Connect();
            await new Reservations.ReservationsClient(channel).GetUsageAsync(new() { User = "nobody" });
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return new("cold start", new Latencies(seconds).At(50), "s", "start of the host's process to its first answer, median");
    }

    /// <summary>The main job, as `make run` runs it once everything is built.</summary>
    internal static async Task<Figure> MainJob(string folder)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Built("infra/MainJob", "MainJob")])
        {
            RedirectStandardOutput = true, WorkingDirectory = folder,
        };
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"the main job failed:\n{said}");
        return new("main job", Stopwatch.GetElapsedTime(started).TotalSeconds, "s", "`make run` after the build");
    }
}
