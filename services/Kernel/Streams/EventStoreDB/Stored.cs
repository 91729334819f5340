using EventStore.Client;
using ClientPosition = EventStore.Client.Position;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>Events as this product knows them and as the client does.</summary>
internal static class Stored
{
    public static Position Position(ClientPosition position) => new(position.CommitPosition, position.PreparePosition);

    public static StoredEvent Event(ResolvedEvent found) =>
        Event(found.Event) with { Position = PositionOf(found) };

    public static Position PositionOf(ResolvedEvent found) => Position(found.OriginalPosition ?? found.Event.Position);

    public static StoredEvent Event(EventRecord found) => new(
        found.EventStreamId, found.EventNumber.ToInt64(), Position(found.Position), found.EventId.ToGuid(), found.EventType, found.Data,
            found.Metadata);

    // the store's own tools show JSON; to the product all data are bytes
    public static EventData Data(NewEvent item) => new(Uuid.FromGuid(item.Id), item.Type, item.Data, item.Metadata,
        item.Data.Span is [(byte)'{', .., (byte)'}'] ? "application/json" : "application/octet-stream");
}
