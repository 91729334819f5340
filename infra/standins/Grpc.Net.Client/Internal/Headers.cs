using System.Globalization;
using System.Net.Http.Headers;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>gRPC's headers: metadata and what HTTP carries of it.</summary>
internal static class Headers
{
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Timeout = "grpc-timeout";
    public const string PreviousAttempts = "grpc-previous-rpc-attempts";
    public const string Pushback = "grpc-retry-pushback-ms";
    public const string RequestEncoding = "grpc-internal-encoding-request";
    public const string UserAgent = "grpc-dotnet-standin/1.0";
    private const long LargestTimeout = 99_999_999;

    public static void Add(HttpRequestHeaders headers, Metadata.Entry entry) =>
        headers.TryAddWithoutValidation(entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value);

    /// <summary>A header's value, the last one if there are several, without parsing what else is there.</summary>
    public static string? Value(HttpHeaders headers, string name)
    {
        if (!headers.NonValidated.TryGetValues(name, out var values)) return null;
        string? last = null;
        foreach (var value in values) last = value;
        return last;
    }

    public static Metadata ToMetadata(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            if (IsProtocol(name)) continue;
            foreach (var value in values) AddEntry(metadata, name.ToLowerInvariant(), value);
        }
        return metadata;
    }

    /// <summary>The value of grpc-timeout, which has at most eight digits.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero) return "1n";
        var milliseconds = (long)Math.Ceiling(timeout.TotalMilliseconds);
        if (milliseconds <= LargestTimeout) return milliseconds.ToString(CultureInfo.InvariantCulture) + "m";
        var seconds = Math.Min((milliseconds + 999) / 1000, LargestTimeout);
        return seconds.ToString(CultureInfo.InvariantCulture) + "S";
    }

    private static void AddEntry(Metadata metadata, string name, string value)
    {
        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(name, value);
            return;
        }
        // several binary values may come joined by commas, each with or without padding
        foreach (var part in value.Split(','))
            metadata.Add(name, Convert.FromBase64String(Padded(part.Trim())));
    }

    private static string Padded(string base64) => base64.PadRight((base64.Length + 3) / 4 * 4, '=');

    private static bool IsProtocol(string name) =>
        name.StartsWith(':') || Is(name, Status) || Is(name, Message) || Is(name, Encoding) || Is(name, AcceptEncoding)
        || Is(name, "content-type") || Is(name, "content-encoding");

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
