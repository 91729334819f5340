using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace EventStore.Client;

/// <summary>
/// The genuine client adds the ambient activity's ids to the metadata of every event it appends, where that is a JSON object or
/// empty. Who stores metadata that must stay as it is needs to know, so this does the same.
/// </summary>
internal static class TraceInMetadata
{
    public static ReadOnlyMemory<byte> Add(ReadOnlyMemory<byte> metadata)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
            return metadata;
        try
        {
            using var known = JsonDocument.Parse(metadata.IsEmpty ? "{}"u8.ToArray() : metadata);
            return known.RootElement.ValueKind == JsonValueKind.Object ? Write(known.RootElement, activity) : metadata;
        }
        catch (JsonException)
        {
            return metadata;
        }
    }

    private static ReadOnlyMemory<byte> Write(JsonElement known, Activity activity)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var property in known.EnumerateObject()) property.WriteTo(writer);
            writer.WriteString("$traceId", activity.TraceId.ToHexString());
            writer.WriteString("$spanId", activity.SpanId.ToHexString());
            writer.WriteEndObject();
        }
        return bytes.WrittenMemory;
    }
}
