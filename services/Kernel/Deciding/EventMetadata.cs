using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Kernel.Deciding;

/// <summary>What every event carries beside its data: who asked, by which command, in which trace; and the hash that chains it (<see cref="Chain"/>).</summary>
public sealed record EventMetadata(string Actor, Guid? Command, string? Trace, string? Hash = null)
{
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) writing;

    /// <summary>All but the hash, as bytes. They are this thread's to use until its next call: no event is worth a buffer of its own.</summary>
    internal static ReadOnlySpan<byte> Encode(string actor, Guid? command, string? trace)
    {
        var (buffer, json) = Writing();
        json.WriteStartObject();
        json.WriteString("actor"u8, actor);
        if (command is { } id) json.WriteString("command"u8, id);
        if (trace is not null) json.WriteString("trace"u8, trace);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    /// <exception cref="JsonException">It is not metadata of ours.</exception>
    public static EventMetadata Decode(ReadOnlySpan<byte> data) =>
        JsonSerializer.Deserialize(data, MetadataJson.Default.EventMetadata) ?? throw new JsonException("metadata is null");

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Writing()
    {
        if (writing.Buffer is null)
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            writing = (buffer, new Utf8JsonWriter(buffer));
        }
        writing.Buffer.ResetWrittenCount();
        writing.Json.Reset();
        return writing;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EventMetadata))]
internal sealed partial class MetadataJson : JsonSerializerContext;
