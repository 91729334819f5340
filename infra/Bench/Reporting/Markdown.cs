using System.Text;

namespace Metering.Bench.Reporting;

/// <summary>Results as tables to paste into a README: what the machine is, the ratios beside their bars, the rows, how it scales.</summary>
internal static class Markdown
{
    internal static string Of(Results results)
    {
        var text = new StringBuilder().Append(Machine(results)).Append('\n');
        if (results.Bars.Count > 0) Table(text, ["bar", "ratio", "must be", ""], results.Bars.Select(Cells));
        if (results.Rows.Count > 0) Table(text, Report.Titles, results.Rows.Select(Report.Cells));
        if (results.Scaling.Count > 0) Table(text, Report.ScalingTitles, results.Scaling.Select(Report.Cells));
        return text.ToString();
    }

    private static string Machine(Results results)
    {
        var machine = results.Machine;
        var text = FormattableString.Invariant(
            $"{machine.Date}, {machine.Cores} cores of {machine.Processor}, {machine.MemoryGib} GiB, {machine.FileSystem}; ")
            + FormattableString.Invariant($"{machine.System}, {machine.Runtime}, {machine.Grpc}; ")
            + FormattableString.Invariant($"load average at the start {machine.LoadAtStart:0.00}.");
        if (results.Quick) text += " The short form: not to be quoted.";
        return machine.IsQuiet ? text : text + " The machine was not quiet: not to be quoted.";
    }

    private static string[] Cells(Bar bar) =>
    [
        bar.What, FormattableString.Invariant($"{bar.Ratio:0.00}"),
        FormattableString.Invariant($"{(bar.Least ? '≥' : '≤')} {bar.Limit:0.##}"), bar.Holds ? "ok" : "short",
    ];

    private static void Table(StringBuilder text, IReadOnlyList<string> titles, IEnumerable<string[]> rows)
    {
        text.Append('\n').Append(Line(titles)).Append(Line(titles.Select(_ => "---")));
        foreach (var row in rows) text.Append(Line(row));
    }

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
}
