using System.Globalization;
using Metering.Bench.Scaling;
using Spectre.Console;

namespace Metering.Bench.Reporting;

/// <summary>What was measured, for people as it comes and as a table, for programs as JSON.</summary>
internal sealed class Report(Machine machine, bool quick, string? eventStore)
{
    private const int Width = 160;

    internal static readonly string[] Titles =
        ["what", "users", "callers", "cycles/s", "p50 ms", "p99", "p99.9", "errors", "µs client", "µs server", "bytes", "wrong"];

    internal static readonly string[] ScalingTitles =
    [
        "what grows", "to", "with", "cycles/s", "p50 ms", "p99", "µs server", "fold ms", "first ms", "MiB", "bytes/user", "errors", "wrong",
    ];

    private readonly List<Row> rows = [];
    private readonly List<Figure> figures = [];

    private readonly List<Scaled> scaled = [];

    /// <summary>False if any ledger said something else than was acknowledged.</summary>
    internal bool AddsUp => rows.All(row => row.Mismatches is null or 0) && scaled.All(each => each.Mismatches is null or 0);

    internal void Head()
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, Width);
        AnsiConsole.WriteLine(
            Invariant($"{machine.Date}, {machine.Cores} cores of {machine.Processor}, {machine.MemoryGib} GiB, {machine.FileSystem}"));
        AnsiConsole.WriteLine(
            Invariant($"{machine.System}, {machine.Runtime}, {machine.Grpc}; load average at the start {machine.LoadAtStart:0.00}"));
        if (!machine.IsQuiet) AnsiConsole.WriteLine("WARNING: the machine is not quiet: these figures are not to be quoted");
        if (quick) AnsiConsole.WriteLine("the short form: whether it works and about how fast; `make bench` measures");
    }

    internal void Add(Row row)
    {
        rows.Add(row);
        AnsiConsole.WriteLine(
            Invariant($"{row.Name}, {row.Users}, {Callers(row)} callers: {row.CyclesPerSecond:N0} cycles/s, p99 {row.P99:0.00} ms, ")
            + Invariant($"{row.Errors} errors, {Mismatches(row)} mismatches"));
        if (row.FirstError is { } error) AnsiConsole.WriteLine($"   first error: {error}");
    }

    internal void Add(Figure figure)
    {
        figures.Add(figure);
        AnsiConsole.WriteLine(Invariant($"{figure.Name}: {figure.Value:N2} {figure.Unit} ({figure.What})"));
    }

    internal void Add(Scaled one)
    {
        scaled.Add(one);
        AnsiConsole.WriteLine(string.Join("  ", Cells(one)));
        if (one.FirstError is { } error) AnsiConsole.WriteLine($"   first error: {error}");
    }

    /// <summary>Cycles per second of a row, none if it was not measured.</summary>
    internal Row? Find(string name, string users, int callers) =>
        rows.Find(row => row.Name == name && row.Users == users && row.Callers == callers);

    internal double? Value(string figure) => figures.Find(each => each.Name == figure)?.Value;

    internal void Table()
    {
        if (rows.Count == 0) return;
        var table = new Table().Border(TableBorder.Simple);
        foreach (var title in Titles) table.AddColumn(new TableColumn(title) { NoWrap = true, Alignment = Aligned(title) });
        foreach (var row in rows) table.AddRow(Cells(row));
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(
            "a cycle: reserve, then commit with refund; µs: processor time per cycle; bytes: stored per cycle; wrong: ledger mismatches");
        foreach (var kept in rows.GroupBy(row => row.Durability))
            AnsiConsole.WriteLine($"{string.Join("; ", kept.Select(row => row.Name).Distinct())}: {kept.Key}");
    }

    internal void ScalingTable()
    {
        if (scaled.Count == 0) return;
        var table = new Table().Border(TableBorder.Simple);
        foreach (var title in ScalingTitles) table.AddColumn(new TableColumn(title) { NoWrap = true, Alignment = Aligned(title) });
        foreach (var one in scaled) table.AddRow(Cells(one));
        AnsiConsole.Write(table);
    }

    internal Results Results(IReadOnlyList<Bar> bars) => new(machine, quick, eventStore is not null, rows, figures, scaled, bars);

    internal static string[] Cells(Row row) =>
    [
        row.Name, row.Users, Callers(row), Invariant($"{row.CyclesPerSecond:N0}"), Invariant($"{row.P50:0.00}"),
        Invariant($"{row.P99:0.00}"),
        Invariant($"{row.P999:0.00}"), Invariant($"{row.Errors}"), Invariant($"{row.ClientMicros:0}"),
        row.ServerMicros is { } micros ? Invariant($"{micros:0}") : "-", row.BytesPerCycle is { } bytes ? Invariant($"{bytes:0}") : "-",
        Mismatches(row),
    ];

    internal static string[] Cells(Scaled one) =>
    [
        one.Axis, Invariant($"{one.Size:N0}"), one.How, Invariant($"{one.CyclesPerSecond:N0}"), Invariant($"{one.P50:0.00}"),
        Invariant($"{one.P99:0.00}"), Number(one.ServerMicros, "0"), Number(one.FoldMs, "0.0"), Number(one.FirstMs, "0.0"),
        Invariant($"{one.ResidentMiB:N0}"), Number(one.BytesPerUser, "N0"), Invariant($"{one.Errors}"), Number(one.Mismatches, "0"),
    ];

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static Justify Aligned(string title) => title is "what" or "users" or "what grows" or "with" ? Justify.Left : Justify.Right;

    private static string Callers(Row row) => row.Callers == 0 ? "paced" : Invariant($"{row.Callers}");

    private static string Mismatches(Row row) => row.Mismatches?.ToString(CultureInfo.InvariantCulture) ?? "-";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
