using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Reading;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using static Metering.EventStoreDouble.Wire.ReadReq.Types.Options.Types;
using Options = Metering.EventStoreDouble.Wire.ReadReq.Types.Options;

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
        var stream = options.StreamOptionCase == Options.StreamOptionOneofCase.Stream ? options.Stream.StreamIdentifier.Name() : "$all";
        await admission.Read(stream ?? throw RpcErrors.Required("stream_identifier"));
        await Of(stream).Run();
    }

    private IReading Of(string stream) =>
        (options.StreamOptionCase, options.CountOptionCase, options.ReadDirection, options.FilterOptionCase) switch
        {
            (Options.StreamOptionOneofCase.Stream, Options.CountOptionOneofCase.Count, _, Options.FilterOptionOneofCase.NoFilter) =>
                new StreamRead(_log, Sender(), stream, options.ReadDirection, Revision(), Count(), options.ControlOption?.Compatibility >= 1),
            (Options.StreamOptionOneofCase.All, Options.CountOptionOneofCase.Count, _, not Options.FilterOptionOneofCase.None) =>
                new AllRead(_log, Sender(), options.ReadDirection, Place(), Count(), Filter(), Window()),
            (Options.StreamOptionOneofCase.Stream, Options.CountOptionOneofCase.Subscription, ReadDirection.Forwards, Options.FilterOptionOneofCase.NoFilter) =>
                new StreamSubscription(_log, Sender(), stream, StartRevision()),
            (Options.StreamOptionOneofCase.All, Options.CountOptionOneofCase.Subscription, ReadDirection.Forwards, Options.FilterOptionOneofCase.NoFilter) =>
                new AllSubscription(_log, Sender(), StartPlace(), Filter(), Window(), interval: null),
            (Options.StreamOptionOneofCase.All, Options.CountOptionOneofCase.Subscription, ReadDirection.Forwards, Options.FilterOptionOneofCase.Filter) =>
                new AllSubscription(_log, Sender(), StartPlace(), Filter(), Window(), Interval()),
            var combination => throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, $"The combination of {combination} is invalid.")),
        };

    private Sender Sender() => new(responses, options.UuidOption.ContentCase == UUIDOption.ContentOneofCase.String, admission, cancellation);

    private long Count() => (long)Math.Min(options.Count, long.MaxValue);

    private Filter Filter() => options.FilterOptionCase == Options.FilterOptionOneofCase.Filter ? Reading.Filter.Of(options.Filter) : Reading.Filter.None;

    private int Window() => options.FilterOptionCase != Options.FilterOptionOneofCase.Filter ? int.MaxValue : options.Filter.WindowCase switch
    {
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
        AllOptions.AllOptionOneofCase.Position => new((long)options.All.Position.CommitPosition, (long)options.All.Position.PreparePosition),
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
