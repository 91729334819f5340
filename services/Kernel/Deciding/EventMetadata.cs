using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Kernel.Deciding;

/// <summary>What every event carries beside its data: who asked, by which command, in which trace.</summary>
public sealed record EventMetadata(string Actor, Guid? Command, string? Trace)
{
    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this, MetadataJson.Default.EventMetadata);

    /// <exception cref="JsonException">It is not metadata of ours.</exception>
    public static EventMetadata Decode(ReadOnlySpan<byte> data) =>
        JsonSerializer.Deserialize(data, MetadataJson.Default.EventMetadata) ?? throw new JsonException("metadata is null");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventMetadata))]
internal sealed partial class MetadataJson : JsonSerializerContext;
