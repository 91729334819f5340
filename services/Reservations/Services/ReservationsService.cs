using Grpc.Core;

namespace Metering.Reservations.Services;

/// <summary>metering.v1.Reservations over gRPC.</summary>
internal sealed class ReservationsService(Dispatcher dispatcher, UsageFeed feed, Sessions sessions, OpenStreams streams)
    : V1.Reservations.ReservationsBase
{
    public override Task<V1.ReserveReply> Reserve(V1.ReserveRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Reserve(request, context.Caller(), context.CancellationToken));

    public override Task<V1.CommitReply> Commit(V1.CommitRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Commit(request, context.Caller(), context.CancellationToken));

    public override Task<V1.ReleaseReply> Release(V1.ReleaseRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Release(request, context.Caller(), context.CancellationToken));

    public override Task<V1.RefundReply> Refund(V1.RefundRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Refund(request, context.Caller(), context.CancellationToken));

    public override Task<V1.ExtendReply> Extend(V1.ExtendRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Extend(request, context.Caller(), context.CancellationToken));

    public override Task<V1.TrackReply> Track(V1.TrackRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Track(request, context.Caller(), context.CancellationToken));

    public override Task<V1.CheckReply> Check(V1.CheckRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Check(request, context.Caller(), context.CancellationToken));

    public override Task<V1.GetUsageReply> GetUsage(V1.GetUsageRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.GetUsage(request, context.Caller(), context.CancellationToken));

    public override Task WatchUsage(V1.WatchUsageRequest request, IServerStreamWriter<V1.WatchUsageReply> replies, ServerCallContext context) =>
        Errors.Translate(streams.Run(
            open => feed.Follow(request.User, replies, context.Caller(), open, context.CancellationToken), context.CancellationToken));

    public override Task Session(
        IAsyncStreamReader<V1.SessionRequest> requests, IServerStreamWriter<V1.SessionReply> replies, ServerCallContext context) =>
        Errors.Translate(streams.Run(
            open => sessions.Serve(requests, replies, context.Caller(), open, context.CancellationToken), context.CancellationToken));
}
