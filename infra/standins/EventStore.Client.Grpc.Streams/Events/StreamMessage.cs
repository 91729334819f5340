using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>What comes back while reading or following.</summary>
public abstract record StreamMessage
{
    public record Ok : StreamMessage;
    public record NotFound : StreamMessage;
    public record Event(ResolvedEvent ResolvedEvent) : StreamMessage;
    public record FirstStreamPosition(StreamPosition StreamPosition) : StreamMessage;
    public record LastStreamPosition(StreamPosition StreamPosition) : StreamMessage;
    public record LastAllStreamPosition(Position Position) : StreamMessage;
    public record SubscriptionConfirmation(string SubscriptionId) : StreamMessage;
    public record AllStreamCheckpointReached(Position Position) : StreamMessage;
    public record CaughtUp : StreamMessage;
    public record FellBehind : StreamMessage;
    public record Unknown : StreamMessage;

    internal static StreamMessage FromWire(ReadResp wire) => wire.ContentCase switch
    {
        ReadResp.ContentOneofCase.Event => new Event(ResolvedEvent.FromWire(wire.Event)),
        ReadResp.ContentOneofCase.StreamNotFound => new NotFound(),
        ReadResp.ContentOneofCase.Confirmation => new SubscriptionConfirmation(wire.Confirmation.SubscriptionId),
        ReadResp.ContentOneofCase.Checkpoint => new AllStreamCheckpointReached(Position.FromWire(wire.Checkpoint)),
        ReadResp.ContentOneofCase.FirstStreamPosition => new FirstStreamPosition(wire.FirstStreamPosition),
        ReadResp.ContentOneofCase.LastStreamPosition => new LastStreamPosition(wire.LastStreamPosition),
        ReadResp.ContentOneofCase.LastAllStreamPosition => new LastAllStreamPosition(Position.FromWire(wire.LastAllStreamPosition)),
        ReadResp.ContentOneofCase.CaughtUp => new CaughtUp(),
        ReadResp.ContentOneofCase.FellBehind => new FellBehind(),
        _ => new Unknown(),
    };
}
