using System.Globalization;
using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>An event as stored.</summary>
public class EventRecord
{
    public readonly string EventStreamId;
    public readonly Uuid EventId;
    public readonly StreamPosition EventNumber;
    public readonly string EventType;
    public readonly ReadOnlyMemory<byte> Data;
    public readonly ReadOnlyMemory<byte> Metadata;
    public readonly DateTime Created;
    public readonly Position Position;
    public readonly string ContentType;

    public EventRecord(string eventStreamId, Uuid eventId, StreamPosition eventNumber, Position position,
        IDictionary<string, string> metadata, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> customMetadata)
    {
        (EventStreamId, EventId, EventNumber, Position) = (eventStreamId, eventId, eventNumber, position);
        (Data, Metadata) = (data, customMetadata);
        (EventType, ContentType) = (metadata[Names.Type], metadata[Names.ContentType]);
        Created = DateTime.UnixEpoch.AddTicks(long.Parse(metadata[Names.Created], CultureInfo.InvariantCulture));
    }

    internal static EventRecord FromWire(ReadResp.Types.RecordedEvent wire) => new(
        Names.FromWire(wire.StreamIdentifier), Uuid.FromWire(wire.Id), new StreamPosition(wire.StreamRevision),
        new Position(wire.CommitPosition, wire.PreparePosition), wire.Metadata, wire.Data.Memory, wire.CustomMetadata.Memory);
}

/// <summary>An event and the link it was found through, if any.</summary>
public readonly struct ResolvedEvent
{
    public readonly EventRecord Event;
    public readonly EventRecord? Link;
    public readonly Position? OriginalPosition;

    public ResolvedEvent(EventRecord @event, EventRecord? link, ulong? commitPosition)
    {
        (Event, Link) = (@event, link);
        OriginalPosition = commitPosition is { } commit ? new Position(commit, (link ?? @event).Position.PreparePosition) : null;
    }

    public EventRecord OriginalEvent => Link ?? Event;
    public StreamPosition OriginalEventNumber => OriginalEvent.EventNumber;
    public string OriginalStreamId => OriginalEvent.EventStreamId;
    public bool IsResolved => Link is not null && Event is not null;

    internal static ResolvedEvent FromWire(ReadResp.Types.ReadEvent wire) => new(
        wire.Event is null ? null! : EventRecord.FromWire(wire.Event),
        wire.Link is null ? null : EventRecord.FromWire(wire.Link),
        wire.PositionCase == ReadResp.Types.ReadEvent.PositionOneofCase.CommitPosition ? wire.CommitPosition : null);
}
