using System.Globalization;

namespace Metering.MainJob;

/// <summary>One LLM call. Its time only orders it among the calls of its user.</summary>
internal sealed record TraceRow(DateTimeOffset At, long Input, long Output)
{
    internal long Total => Input + Output;
}

/// <summary>LLM calls to meter: row n belongs to user n mod 200.</summary>
internal sealed class Trace(string name, IReadOnlyList<TraceRow> rows)
{
    internal const int Users = 200;
    internal const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <summary>More than any model takes; sums stay far from overflowing.</summary>
    internal const long MostTokens = 1_000_000_000;

    /// <summary>Stripe takes values of at most 15 digits.</summary>
    internal const long MostInTotal = 999_999_999_999_999;

    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    internal string Name { get; } = name;

    internal IReadOnlyList<TraceRow> Rows { get; } = rows;

    internal long Total { get; } = rows.Sum(row => row.Total);

    /// <summary>What every reservation holds for the answer. At least 1, so that even a call without any token holds something.</summary>
    internal long LargestOutput { get; } = Math.Max(1, rows.Max(row => row.Output));

    /// <summary>The calls of one user in order of time; calls of the same moment as in the file.</summary>
    internal IEnumerable<TraceRow> Of(int user)
    {
        var own = new List<TraceRow>();
        for (var n = user; n < Rows.Count; n += Users) own.Add(Rows[n]);
        return own.OrderBy(row => row.At);
    }

    /// <exception cref="TraceException">Something is wrong with it: every bad line is named.</exception>
    internal static Trace Read(string path)
    {
        try
        {
            return Parse(Path.GetFileName(path), File.ReadLines(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TraceException(path, [error.Message]);
        }
    }

    /// <exception cref="TraceException">Something is wrong with it: every bad line is named.</exception>
    internal static Trace Parse(string name, IEnumerable<string> lines)
    {
        var text = lines.ToList();
        while (text.Count > 0 && string.IsNullOrWhiteSpace(text[^1])) text.RemoveAt(text.Count - 1);
        if (text.Count == 0) throw new TraceException(name, [$"it is empty, expected the header {Header} and a line per call"]);
        var rows = new List<TraceRow>(text.Count);
        var problems = new List<string>();
        if (!IsHeader(text[0])) problems.Add($"line 1: \"{Shortened(text[0])}\", expected the header {Header}");
        for (var n = 1; n < text.Count; n++) Take(text[n], n + 1, rows, problems);
        problems.AddRange(OfTheWhole(text.Count, rows));
        return problems.Count == 0 ? new Trace(name, rows) : throw new TraceException(name, problems);
    }

    private static bool IsHeader(string line) => line.Trim().Equals(Header, StringComparison.OrdinalIgnoreCase);

    private static void Take(string line, int number, List<TraceRow> rows, List<string> problems)
    {
        var fields = line.Split(',', StringSplitOptions.TrimEntries);
        var wrong = fields.Length == 3 ? Wrong(fields) : $"\"{Shortened(line)}\", expected three fields: {Header}";
        if (wrong is null) rows.Add(new TraceRow(Time(fields[0])!.Value, Tokens(fields[1])!.Value, Tokens(fields[2])!.Value));
        else problems.Add($"line {number}: {wrong}");
    }

    private static string? Wrong(string[] fields)
    {
        if (Time(fields[0]) is null) return $"TIMESTAMP is \"{Shortened(fields[0])}\", expected a time like 2023-11-16 18:15:46.6805900";
        if (Tokens(fields[1]) is null) return NotTokens("ContextTokens", fields[1]);
        return Tokens(fields[2]) is null ? NotTokens("GeneratedTokens", fields[2]) : null;
    }

    private static string NotTokens(string field, string text) =>
        $"{field} is \"{Shortened(text)}\", expected a whole number from 0 to {Words.Count(MostTokens)}, written in digits only";

    private static IEnumerable<string> OfTheWhole(int lines, List<TraceRow> rows)
    {
        if (lines == 1) yield return "it has no calls, expected a line per call after the header";
        var total = rows.Aggregate((Int128)0, (sum, row) => sum + row.Total);
        if (total > MostInTotal) yield return $"it has {total} tokens in total, expected at most {MostInTotal}: Stripe takes 15 digits";
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : null;

    private static long? Tokens(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens <= MostTokens ? tokens : null;

    private static string Shortened(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 60), "…");
}

/// <summary>A trace that cannot be metered, and all that is wrong with it.</summary>
internal sealed class TraceException(string trace, IReadOnlyList<string> problems) : Exception($"{trace}: {problems[0]}")
{
    private const int Shown = 20;

    internal IReadOnlyList<string> Problems { get; } = problems;

    /// <summary>The first problems, one per line, then how many more there are.</summary>
    internal IEnumerable<string> Lines()
    {
        foreach (var problem in Problems.Take(Shown)) yield return $"{trace}: {problem}";
        if (Problems.Count > Shown) yield return $"{trace}: and {Words.Count(Problems.Count - Shown)} more problems";
    }
}
