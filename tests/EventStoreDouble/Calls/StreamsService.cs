using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Calls;

/// <summary>The service that clients append to and read from.</summary>
internal sealed class StreamsService(DoubleNode node) : Streams.StreamsBase
{
    public override Task<AppendResp> Append(IAsyncStreamReader<AppendReq> requestStream, ServerCallContext context) =>
        new AppendCall(node, new(node, context)).Answer(requestStream);

    public override Task BatchAppend(
        IAsyncStreamReader<BatchAppendReq> requestStream, IServerStreamWriter<BatchAppendResp> responseStream, ServerCallContext context) =>
        node.Options.OffersBatchAppend
            ? new BatchAppendCall(node, new(node, context)).Answer(requestStream, responseStream)
            : throw new RpcException(new Grpc.Core.Status(StatusCode.Unimplemented, "Method is unimplemented."));

    public override Task Read(ReadReq request, IServerStreamWriter<ReadResp> responseStream, ServerCallContext context) =>
        new ReadCall(node, new(node, context), request.Options, responseStream, context.CancellationToken).Answer();

    public override Task<DeleteResp> Delete(DeleteReq request, ServerCallContext context) =>
        new DeleteCall(new(node, context)).Delete(request.Options);

    public override Task<TombstoneResp> Tombstone(TombstoneReq request, ServerCallContext context) =>
        new DeleteCall(new(node, context)).Tombstone(request.Options);
}
