using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Spectre.Console;

namespace Metering.Cli;

/// <summary>Where answers go: tables and sentences for people or, with --json, one JSON object per line for programs.</summary>
internal sealed class Screen
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonFormatter Messages = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    private readonly TextWriter output;
    private readonly TextWriter error;
    private readonly IAnsiConsole console;

    public Screen(TextWriter output, TextWriter error, bool json)
    {
        (this.output, this.error, Json) = (output, error, json);
        console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        // a file or a pipe has no edge to wrap at
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected) console.Profile.Width = 1_000;
    }

    public bool Json { get; }

    /// <summary>A line for people; programs do not get it.</summary>
    public void Say(string line)
    {
        if (!Json) output.WriteLine(line);
    }

    /// <summary>A table for people. Nothing if it has no rows.</summary>
    public void Table(IReadOnlyList<Column> columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column.Title)) { Alignment = column.IsNumber ? Justify.Right : Justify.Left });
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell)));
        if (!Json && table.Rows.Count > 0) console.Write(table);
    }

    /// <summary>A remark beside an answer that goes into a file.</summary>
    public void Remark(string line) => error.WriteLine(line);

    /// <summary>CSV: the names of the fields, then a line per row.</summary>
    public void Csv(IReadOnlyList<string> fields, IEnumerable<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows.Prepend(fields)) output.WriteLine(string.Join(",", row.Select(Quoted)));
    }

    /// <summary>A message for programs, in protobuf's JSON: 64-bit numbers are strings, so that no reader rounds them.</summary>
    public void Record(IMessage message)
    {
        if (Json) output.WriteLine(Messages.Format(message));
    }

    /// <summary>An object for programs.</summary>
    public void Record(object record)
    {
        if (Json) output.WriteLine(JsonSerializer.Serialize(record, record.GetType(), Plain));
    }

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(',', '"', '\n') ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}

/// <summary>A column of a table; numbers stand on the right.</summary>
internal readonly record struct Column(string Title, bool IsNumber = false)
{
    public static implicit operator Column(string title) => new(title);

    public static Column Number(string title) => new(title, true);
}
