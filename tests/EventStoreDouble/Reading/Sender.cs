using Grpc.Core;
using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Reading;

/// <summary>What a read or a subscription does with its call until it is done or ended.</summary>
internal interface IReading
{
    Task Run();
}

/// <summary>Where a read sends what it finds.</summary>
internal sealed class Sender(IServerStreamWriter<ReadResp> responses, bool idsAsText, Admission admission, CancellationToken cancellation)
{
    public CancellationToken Cancellation => cancellation;

    /// <summary>Before each page: whether this node may still serve it.</summary>
    public void CheckLeader()
    {
        cancellation.ThrowIfCancellationRequested();
        admission.CheckLeader();
    }

    public Task Send(ReadResp response) => responses.WriteAsync(response, cancellation);

    public Task Confirm(Guid subscription) => Send(new ReadResp { Confirmation = new() { SubscriptionId = subscription.ToString() } });

    public Task CaughtUp() => Send(new ReadResp { CaughtUp = new() });

    public Task Send(Recorded record) =>
        Send(new ReadResp { Event = new() { Event = Event(record), CommitPosition = (ulong)record.Position } });

    private ReadResp.Types.ReadEvent.Types.RecordedEvent Event(Recorded record) => new()
    {
        Id = idsAsText ? record.Event.Id.ToText() : record.Event.Id.ToNumbers(),
        StreamIdentifier = record.Stream.ToIdentifier(),
        StreamRevision = (ulong)record.Revision,
        CommitPosition = (ulong)record.Position,
        PreparePosition = (ulong)record.Position,
        Metadata =
        {
            ["type"] = record.Event.Type,
            ["created"] = $"{record.Created.Ticks - DateTimeOffset.UnixEpoch.Ticks}",
            ["content-type"] = record.Event.IsJson ? "application/json" : "application/octet-stream",
        },
        Data = record.Event.Data,
        CustomMetadata = record.Event.Metadata,
    };
}
