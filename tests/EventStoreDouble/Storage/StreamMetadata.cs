using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Metering.EventStoreDouble.Storage;

/// <summary>What the last event of <c>$$stream</c> says of a stream, as far as reads obey it here.</summary>
internal sealed record StreamMetadata(long? MaxCount = null, long? TruncateBefore = null)
{
    public const string EventType = "$metadata";
    private const string Before = "$tb";

    private static readonly StreamMetadata None = new(), OfMetadata = new(MaxCount: 1);

    public static bool IsMetadata(string stream) => stream.StartsWith("$$", StringComparison.Ordinal);
    public static string StreamOf(string stream) => "$$" + stream;

    /// <summary>The lowest revision that reads still show.</summary>
    public long First(long last) =>
        Math.Max(MaxCount is { } count ? last - count + 1 : 0, Math.Max(0, TruncateBefore ?? 0));

    public static StreamMetadata Of(string stream, Recorded? stored) =>
        IsMetadata(stream) ? OfMetadata : stored is null ? None : Parse(stored.Event.Data);

    /// <summary>The metadata that brings a deleted stream back from <paramref name="revision"/> on, the rest of it kept.</summary>
    public static ByteString Truncated(ByteString? present, long revision)
    {
        var json = present is null ? [] : Json(present) ?? [];
        json[Before] = revision;
        return ByteString.CopyFromUtf8(json.ToJsonString());
    }

    private static StreamMetadata Parse(ByteString data) =>
        Json(data) is { } json ? new(Number(json, "$maxCount"), Number(json, Before)) : None;

    // a node treats metadata that is no JSON as none
    private static JsonObject? Json(ByteString data)
    {
        try
        {
            return JsonNode.Parse(data.Span) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long? Number(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;
}
