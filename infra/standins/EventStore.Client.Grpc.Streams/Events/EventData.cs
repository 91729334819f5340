using EventStore.Client.Wire;
using Google.Protobuf;

namespace EventStore.Client;

/// <summary>An event to append.</summary>
public sealed class EventData
{
    internal const string Json = "application/json";

    public readonly Uuid EventId;
    public readonly string Type;
    public readonly ReadOnlyMemory<byte> Data;
    public readonly ReadOnlyMemory<byte> Metadata;
    public readonly string ContentType;

    /// <param name="contentType"><c>application/json</c> or <c>application/octet-stream</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An empty id, or another content type.</exception>
    public EventData(
        Uuid eventId, string type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte>? metadata = null, string contentType = Json)
    {
        if (eventId == Uuid.Empty)
            throw new ArgumentOutOfRangeException(nameof(eventId));
        if (contentType is not (Json or "application/octet-stream"))
            throw new ArgumentOutOfRangeException(nameof(contentType), contentType,
                $"Only {Json} or application/octet-stream are acceptable values.");
        (EventId, Type, Data, Metadata, ContentType) = (eventId, type, data, metadata ?? Array.Empty<byte>(), contentType);
    }

    internal ProposedMessage ToWire() => new()
    {
        Id = EventId.ToWire(),
        Data = ByteString.CopyFrom(Data.Span),
        CustomMetadata = ByteString.CopyFrom(TraceInMetadata.Add(Metadata).Span),
        Metadata = { { Names.Type, Type }, { Names.ContentType, ContentType } },
    };
}
