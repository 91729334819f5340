using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Reading;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using static Metering.EventStoreDouble.Wire.ReadReq.Types.Options.Types;
using CountCase = Metering.EventStoreDouble.Wire.ReadReq.Types.Options.CountOptionOneofCase;
using FilterCase = Metering.EventStoreDouble.Wire.ReadReq.Types.Options.FilterOptionOneofCase;
using Options = Metering.EventStoreDouble.Wire.ReadReq.Types.Options;
using StreamCase = Metering.EventStoreDouble.Wire.ReadReq.Types.Options.StreamOptionOneofCase;

namespace Metering.EventStoreDouble.Calls;

/// <summary>A read or a subscription, of a stream or of all: which of them the options ask for, and by whom.</summary>
internal sealed class ReadCall(
    DoubleNode node, Admission admission, Options options, IServerStreamWriter<ReadResp> responses, CancellationToken cancellation)
{
    private readonly Log _log = node.Log;

    public async Task Answer()
    {
        if (options.UuidOption is null) throw RpcErrors.Required("uuid_option");
        admission.CheckAccess();
        var stream = options.StreamOptionCase == StreamCase.Stream ? options.Stream.StreamIdentifier.Name() : "$all";
        await admission.Read(stream ?? throw RpcErrors.Required("stream_identifier"));
        var reading = Of(stream);
        await (options.CountOptionCase == CountCase.Subscription ? node.Cluster.Subscriptions.During(reading.Run) : reading.Run());
    }

    private IReading Of(string stream) =>
        (options.StreamOptionCase, options.CountOptionCase, options.ReadDirection, options.FilterOptionCase) switch
        {
            (StreamCase.Stream, CountCase.Count, _, FilterCase.NoFilter) =>
                new StreamRead(_log, Sender(), stream, options.ReadDirection, Revision(), Count(), TellEnds),
            (StreamCase.All, CountCase.Count, _, not FilterCase.None) =>
                new AllRead(_log, Sender(), options.ReadDirection, Place(), Count(), Filter(), Window()),
            (StreamCase.Stream, CountCase.Subscription, ReadDirection.Forwards, FilterCase.NoFilter) =>
                new StreamSubscription(_log, Sender(), stream, StartRevision()),
            (StreamCase.All, CountCase.Subscription, ReadDirection.Forwards, FilterCase.NoFilter) =>
                new AllSubscription(_log, Sender(), StartPlace(), Filter(), Window(), interval: null, node.Options.LiveBuffer),
            (StreamCase.All, CountCase.Subscription, ReadDirection.Forwards, FilterCase.Filter) =>
                new AllSubscription(_log, Sender(), StartPlace(), Filter(), Window(), Interval(), node.Options.LiveBuffer),
            var combination => throw RpcErrors.InvalidCombination(combination),
        };

    private Sender Sender() =>
        new(responses, options.UuidOption.ContentCase == UUIDOption.ContentOneofCase.String, admission, cancellation);

    private bool TellEnds => options.ControlOption?.Compatibility >= 1;

    private long Count() => (long)Math.Min(options.Count, long.MaxValue);

    private Filter Filter() =>
        options.FilterOptionCase == FilterCase.Filter ? Reading.Filter.Of(options.Filter) : Reading.Filter.None;

    private int Window() => options.Filter?.WindowCase switch
    {
        null => int.MaxValue,
        FilterOptions.WindowOneofCase.Count => StreamPages.Size,
        FilterOptions.WindowOneofCase.Max => (int)options.Filter.Max,
        var none => throw RpcErrors.InvalidArgument(none),
    };

    private long Interval()
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Filter.CheckpointIntervalMultiplier);
        return (long)options.Filter.CheckpointIntervalMultiplier * Window();
    }

    private long Revision() => options.Stream.RevisionOptionCase switch
    {
        StreamOptions.RevisionOptionOneofCase.Revision => options.Stream.Revision > long.MaxValue ? -1 : (long)options.Stream.Revision,
        StreamOptions.RevisionOptionOneofCase.Start => 0,
        StreamOptions.RevisionOptionOneofCase.End => -1,
        _ => throw new InvalidOperationException("no revision to read from"),
    };

    // what a subscription has had already: nothing, up to a revision, or everything there is
    private long StartRevision() => options.Stream.RevisionOptionCase switch
    {
        StreamOptions.RevisionOptionOneofCase.Start => -1,
        StreamOptions.RevisionOptionOneofCase.End => StreamSubscription.FromEnd,
        _ => Revision(),
    };

    private Place Place() => options.All.AllOptionCase switch
    {
        AllOptions.AllOptionOneofCase.Position =>
            new((long)options.All.Position.CommitPosition, (long)options.All.Position.PreparePosition),
        AllOptions.AllOptionOneofCase.Start => default,
        AllOptions.AllOptionOneofCase.End => Storage.Place.Head,
        _ => throw new InvalidOperationException("no position to read from"),
    };

    private Place? StartPlace() => options.All.AllOptionCase switch
    {
        AllOptions.AllOptionOneofCase.Start => Storage.Place.Head,
        AllOptions.AllOptionOneofCase.End => null,
        _ => Place(),
    };
}
