using Spectre.Console;

namespace Metering.MainJob;

/// <summary>How far a step has come. Counted by many callers at once, looked at by one.</summary>
internal sealed class Gauge
{
    private long done;

    internal long Done => Interlocked.Read(ref done);

    internal void Add() => Interlocked.Increment(ref done);

    internal void Set(long value) => Interlocked.Exchange(ref done, value);
}

/// <summary>Tells the run to whoever started it: moving progress for a person at a terminal, plain lines for everything else.</summary>
internal sealed class Story
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private const int PlainWidth = 140;

    private readonly IAnsiConsole console;
    private readonly TextWriter output;
    private readonly bool isTerminal;
    private readonly TimeProvider time;
    private int steps;

    internal Story(TextWriter output, bool isTerminal, TimeProvider time)
    {
        (this.output, this.isTerminal, this.time) = (output, isTerminal, time);
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!isTerminal) console.Profile.Width = PlainWidth;
    }

    internal void Title(string text) => console.MarkupLineInterpolated($"[bold]{text}[/]");

    internal void Step(string text)
    {
        output.WriteLine();
        console.MarkupLineInterpolated($"[bold]{++steps}. {text}[/]");
    }

    // Not through the console: it would wrap long lines.
    internal void Line(string text) => output.WriteLine("   " + text);

    /// <summary>A line that a script may look for.</summary>
    internal void Bare(string text) => output.WriteLine(text);

    internal void Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = isTerminal ? TableBorder.Rounded : TableBorder.Ascii };
        foreach (var head in heads) table.AddColumn(new TableColumn(Markup.Escape(head)) { NoWrap = true, Alignment = Justify.Right });
        table.Columns[0].Alignment = Justify.Left;
        foreach (var row in rows) table.AddRow([.. row.Select(cell => new Text(cell))]);
        console.Write(new Padder(table, new Padding(3, 0, 0, 0)));
    }

    /// <summary>Shows how the work gets on until it is done.</summary>
    /// <returns>How long it took.</returns>
    internal async Task<TimeSpan> Follow(string what, long goal, Func<Gauge, Task> work)
    {
        var start = time.GetTimestamp();
        var gauge = new Gauge();
        var running = work(gauge);
        await (isTerminal ? Bar(what, goal, gauge, running) : Quarters(what, goal, gauge, running));
        await running;
        return time.GetElapsedTime(start);
    }

    private async Task Watch(Task running, Action look)
    {
        while (!running.IsCompleted)
        {
            look();
            await Task.WhenAny(running, Task.Delay(Glance, time));
        }

        look();
    }

    private Task Bar(string what, long goal, Gauge gauge, Task running) => console.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(progress =>
        {
            var bar = progress.AddTask(Markup.Escape("   " + what), maxValue: Math.Max(1, goal));
            return Watch(running, () => bar.Value = gauge.Done);
        });

    // Not the whole: whoever asked for the work says how it ended.
    private Task Quarters(string what, long goal, Gauge gauge, Task running)
    {
        var shown = 0L;
        return Watch(running, () =>
        {
            var quarter = goal == 0 ? 0 : gauge.Done * 4 / goal;
            if (quarter <= shown || quarter >= 4) return;
            shown = quarter;
            Line($"{what}: {Words.Count(gauge.Done)} of {Words.Count(goal)}");
        });
    }
}
