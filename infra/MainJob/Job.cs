using Grpc.Core;
using Metering.Client;

namespace Metering.MainJob;

/// <summary>One run from the command line: reads the trace, starts the programs, tells the story, cleans up, says how it went.</summary>
internal static class Job
{
    internal const int Ok = 0;
    internal const int Failed = 1;
    internal const int BadInput = 2;
    internal const int Interrupted = 130;

    internal static async Task<int> RunAsync(string? path, bool onStack, bool keep, CancellationToken cancellation)
    {
        var story = new Story(Console.Out, !Console.IsOutputRedirected, TimeProvider.System);
        try
        {
            var trace = path is null ? Generator.Make() : Trace.Read(path);
            return onStack ? await OnStack(trace, story, cancellation) : await Embedded(trace, keep, story, cancellation);
        }
        catch (TraceException problem)
        {
            foreach (var line in problem.Lines()) await Console.Error.WriteLineAsync(line);
            return BadInput;
        }
    }

    private static async Task<int> Embedded(Trace trace, bool keep, Story story, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("metering-").FullName;
        var code = await Outcome(() => Work(trace, folder, story, cancellation), story, cancellation);
        if (code == Failed) await Console.Error.WriteLineAsync($"logs and data: {folder}");
        else if (!keep) Directory.Delete(folder, recursive: true);
        return code;
    }

    // Its data outlives the run: what this run does there is told apart by a name of its own.
    private static Task<int> OnStack(Trace trace, Story story, CancellationToken cancellation) => Outcome(async () =>
    {
        var time = TimeProvider.System;
        var name = $"run-{time.GetUtcNow():MMdd-HHmmss}-";
        story.Title("Metering: the main job, on the full stack");
        Tell(trace, story);
        story.Line($"users        {name}…");
        story.Bare(await Run.OnStack(trace, name, story, time, cancellation));
    }, story, cancellation);

    // The last line is for scripts, whatever happened: hence every exception ends here.
    private static async Task<int> Outcome(Func<Task> work, Story story, CancellationToken cancellation)
    {
        try
        {
            await work();
            story.Bare("main job: ok");
            return Ok;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            story.Bare("main job: interrupted");
            return Interrupted;
        }
        catch (Exception error)
        {
            foreach (var detail in (error as JobException)?.Details ?? []) story.Bare(detail);
            story.Bare($"main job: FAILED: {OneLine(Why(error))}");
            return Failed;
        }
    }

    private static async Task Work(Trace trace, string folder, Story story, CancellationToken cancellation)
    {
        story.Title("Metering: the main job, on the embedded default");
        story.Line($"data folder  {folder}");
        Tell(trace, story);
        string verdict;
        await using (var children = new Children(folder, TimeProvider.System))
            verdict = await new Run(trace, children, story, TimeProvider.System).Tell(cancellation);
        story.Bare(verdict);
    }

    private static void Tell(Trace trace, Story story) =>
        story.Line($"trace        {trace.Name}: {Words.Count(trace.Rows.Count)} calls, {Words.Count(trace.Total)} tokens");

    private static string Why(Exception error) => error switch
    {
        JobException => error.Message,
        RpcException refused => $"the service answered {refused.StatusCode}: {refused.Status.Detail}",
        MeteringException refused => $"the service answered {refused.Status}: {refused.Message}",
        _ => $"{error.GetType().Name}: {error.Message}",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
