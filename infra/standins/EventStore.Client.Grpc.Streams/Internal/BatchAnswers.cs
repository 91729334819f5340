using EventStore.Client.Wire;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EventStore.Client;

/// <summary>What the node answered to one append of the shared stream; a refusal other than a wrong revision throws.</summary>
internal static class BatchAnswers
{
    public static IWriteResult Read(BatchAppendResp answer) =>
        answer.ResultCase == BatchAppendResp.ResultOneofCase.Success ? Success(answer.Success) : Refusal(answer);

    private static SuccessResult Success(BatchAppendResp.Types.Success success) => new(
        success.CurrentCase == BatchAppendResp.Types.Success.CurrentOneofCase.CurrentRevision
            ? success.CurrentRevision : StreamRevision.None,
        success.AtCase == BatchAppendResp.Types.Success.AtOneofCase.Position ? Position.FromWire(success.Position) : Position.End);

    private static WrongExpectedVersionResult Refusal(BatchAppendResp answer)
    {
        var (stream, message, details) = (Names.FromWire(answer.StreamIdentifier), answer.Error?.Message,
            answer.Error?.Details ?? new Any());
        if (details.TryUnpack<WrongExpectedVersion>(out var wrong)) return Wrong(stream, wrong);
        if (details.Is(StreamDeleted.Descriptor)) throw new StreamDeletedException(stream);
        if (details.Is(AccessDenied.Descriptor)) throw new AccessDeniedException();
        if (details.Is(Wire.Timeout.Descriptor)) throw new RpcException(new Grpc.Core.Status(StatusCode.DeadlineExceeded, message ?? ""));
        if (details.TryUnpack<MaximumAppendSizeExceeded>(out var size)) throw new MaximumAppendSizeExceededException(size.MaxAppendSize);
        if (details.TryUnpack<BadRequest>(out var bad)) throw new InvalidOperationException(bad.Message);
        throw new InvalidOperationException(details.Is(Unknown.Descriptor) ? message : $"Could not recognize {message}");
    }

    private static WrongExpectedVersionResult Wrong(string stream, WrongExpectedVersion wrong) => new(stream,
        wrong.ExpectedCase == WrongExpectedVersion.ExpectedOneofCase.ExpectedStreamPosition
            ? wrong.ExpectedStreamPosition : StreamRevision.None,
        wrong.CurrentCase == WrongExpectedVersion.CurrentOneofCase.CurrentStreamRevision
            ? wrong.CurrentStreamRevision : StreamRevision.None);
}
