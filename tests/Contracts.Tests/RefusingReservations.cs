using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.V1;

namespace Metering.Contracts.Tests;

/// <summary>A service that keeps what it was asked and refuses the next calls as told, then answers something of the right form.</summary>
internal sealed class RefusingReservations : Reservations.ReservationsBase
{
    public static readonly Timestamp Deadline = new() { Seconds = 1_800_000_000 };

    private readonly Queue<RpcException> refusals = new();

    public List<IMessage> Asked { get; } = [];
    public Denial? Denial { get; set; }

    public void Refuse(StatusCode status, int times = 1, Error? error = null)
    {
        var trailers = new Metadata();
        if (error is not null) trailers.Add("metering-error-bin", error.ToByteArray());
        for (var i = 0; i < times; i++) refusals.Enqueue(new RpcException(new Status(status, "as told"), trailers));
    }

    public override Task<ReserveReply> Reserve(ReserveRequest request, ServerCallContext context) => Answer(request, Denial is { } denial
        ? new ReserveReply { Denial = denial }
        : new ReserveReply { Allowed = true, Granted = new Granted { ReservationId = request.CommandId, Deadline = Deadline } });

    public override Task<CommitReply> Commit(CommitRequest request, ServerCallContext context) => Answer(request, new CommitReply());
    public override Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context) => Answer(request, new ReleaseReply());
    public override Task<TrackReply> Track(TrackRequest request, ServerCallContext context) => Answer(request, new TrackReply());
    public override Task<RefundReply> Refund(RefundRequest request, ServerCallContext context) => Answer(request, new RefundReply());

    public override Task<ExtendReply> Extend(ExtendRequest request, ServerCallContext context) => Answer(request, new ExtendReply
    {
        Allowed = true, Extended = new Extended { Deadline = Deadline + request.TimeToLive },
    });

    public override async Task WatchUsage(WatchUsageRequest request, IServerStreamWriter<WatchUsageReply> replies, ServerCallContext context)
    {
        for (var revision = 0; revision < 2; revision++)
            await replies.WriteAsync(new WatchUsageReply { Usage = new Usage { User = request.User, Revision = revision } });
        await Answer(request, request);
    }

    private Task<TReply> Answer<TReply>(IMessage request, TReply reply)
    {
        Asked.Add(request);
        return refusals.TryDequeue(out var refusal) ? Task.FromException<TReply>(refusal) : Task.FromResult(reply);
    }
}
