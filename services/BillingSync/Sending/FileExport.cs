using System.Globalization;
using System.Text;
using System.Text.Json;
using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Sending;

/// <summary>
/// Reports as lines of a file, for those who bill elsewhere: CSV or NDJSON, by the path's ending. Lines are only added, each is on the disk
/// before it counts as accepted, and an identifier is never there twice: it is looked for first, so that a crash between the write and its
/// record is settled by the file. A last line that a crash cut off was never accepted and is taken away at the start. One process writes at
/// a time.
/// </summary>
public sealed class FileExport : IUsageSink, IDisposable
{
    private const string Header = "identifier,event_name,customer,value,timestamp";

    private readonly Lock gate = new();
    private readonly HashSet<string> identifiers = new(StringComparer.Ordinal);
    private readonly FileStream file;
    private readonly FileStream mine;
    private readonly bool isCsv;

    /// <exception cref="InvalidOperationException">The file cannot be opened, or something else is in it.</exception>
    public FileExport(string path)
    {
        isCsv = path.EndsWith(".csv", StringComparison.Ordinal);
        (mine, file) = Open(path);
        try
        {
            Resume(path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>True for a path whose ending says which format it has.</summary>
    public static bool IsPath(string path) =>
        Path.GetFileNameWithoutExtension(path).Length > 0 && Path.GetExtension(path) is ".csv" or ".ndjson";

    public Task<SendResult> Send(Outgoing report, string idempotencyKey)
    {
        lock (gate) return Task.FromResult(Write(report));
    }

    public void Dispose()
    {
        file.Dispose();
        mine.Dispose();
    }

    private SendResult Write(Outgoing report)
    {
        if (identifiers.Contains(report.Identifier))
            return new SendResult.Answered(new StripeAnswer.Exists($"a line already exists with identifier {report.Identifier}"));
        var end = file.Length;
        try
        {
            Append(isCsv ? Csv(report) : Json(report));
        }
        catch (IOException failure)
        {
            return new SendResult.Later(CutOff(end) ? AttemptEnd.NotTaken : AttemptEnd.Lost, failure.Message);
        }
        identifiers.Add(report.Identifier);
        return new SendResult.Answered(new StripeAnswer.Taken());
    }

    private void Append(string line)
    {
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        file.Flush(flushToDisk: true);
    }

    // what was half written would spoil the next line
    private bool CutOff(long end)
    {
        try
        {
            file.SetLength(end);
            file.Flush(flushToDisk: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // a lock on the file itself would keep out those who read it
    private static (FileStream Mine, FileStream File) Open(string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            var mine = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return (mine, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"Billing:Sink is 'file:{path}', which cannot be written: {failure.Message}", failure);
        }
    }

    private void Resume(string path)
    {
        using var reader = new StreamReader(file, new UTF8Encoding(false), leaveOpen: true);
        var text = reader.ReadToEnd();
        var whole = text.LastIndexOf('\n') + 1;
        var lines = text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
            if (!(isCsv && i == 0 && lines[i] == Header)) identifiers.Add(IdentifierIn(lines[i]) ?? throw Foreign(path, i + 1));
        file.SetLength(Encoding.UTF8.GetByteCount(text.AsSpan(0, whole)));
        if (isCsv && file.Length == 0) Append(Header);
    }

    private static InvalidOperationException Foreign(string path, int line) =>
        new($"Billing:Sink is 'file:{path}', whose line {line} is no report; expected a new file, or one that reports were exported to before");

    private string? IdentifierIn(string line)
    {
        if (isCsv) return line.Split(',') is { Length: >= 5 } fields && fields[0].Length > 0 ? fields[0] : null;
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("identifier").GetString();
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    // a Stripe meter's name and a customer's id may hold a comma; whoever reads it has the usual quotes to take off
    private static string Csv(Outgoing report) => string.Join(',',
        new[] { report.Identifier, report.EventName, report.StripeCustomer, report.Value, Time(report) }.Select(Quoted));

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(',', '"', '\n') ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static string Json(Outgoing report)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("identifier", report.Identifier);
            json.WriteString("event_name", report.EventName);
            json.WriteString("customer", report.StripeCustomer);
            json.WritePropertyName("value");
            json.WriteRawValue(report.Value);
            json.WriteString("timestamp", Time(report));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static string Time(Outgoing report) => report.Timestamp.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
