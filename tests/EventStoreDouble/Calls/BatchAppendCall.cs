using System.Threading.Channels;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using Expected = Metering.EventStoreDouble.Wire.BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase;

namespace Metering.EventStoreDouble.Calls;

/// <summary>
/// Many appends over one stream of messages, each in one or more of them, answered as they are done. What is refused is an answer;
/// only a node that is not the leader and was to be ends the call.
/// </summary>
internal sealed class BatchAppendCall(DoubleNode node, Admission admission)
{
    private sealed record Pending(UUID Id, string Stream, long Expected)
    {
        public List<Proposed> Events { get; } = [];
        public int Size { get; set; }
    }

    private readonly Dictionary<Guid, Pending> _pending = [];
    private readonly Channel<BatchAppendResp> _answers = Channel.CreateUnbounded<BatchAppendResp>();
    private int _open = 1; // the appends under way, and the requests that still come

    public async Task Answer(IAsyncStreamReader<BatchAppendReq> requests, IServerStreamWriter<BatchAppendResp> responses)
    {
        var receiving = Receive(requests);
        await foreach (var answer in _answers.Reader.ReadAllAsync()) await responses.WriteAsync(answer);
        await receiving;
    }

    private async Task Receive(IAsyncStreamReader<BatchAppendReq> requests)
    {
        try
        {
            while (await requests.MoveNext()) Take(requests.Current);
            End();
        }
        catch (Exception error)
        {
            _answers.Writer.TryComplete(error);
        }
    }

    private void Take(BatchAppendReq request)
    {
        try
        {
            if (Begin(request) is { } refusal) Refuse(request.CorrelationId, request.Options.StreamIdentifier, refusal);
            else if (_pending.TryGetValue(request.CorrelationId.ToGuid(), out var pending)) Add(pending, request);
        }
        catch (Exception error) when (error is RpcException or ArgumentException or FormatException)
        {
            var message = (error as RpcException)?.Status.Detail ?? error.Message;
            Refuse(request.CorrelationId, request.Options?.StreamIdentifier, BatchErrors.BadRequest(message));
        }
    }

    // a message with options begins an append; a second one with the same id changes nothing
    private Wire.Status? Begin(BatchAppendReq request)
    {
        if (request.Options is not { } options) return null;
        var stream = options.StreamIdentifier.Name();
        if (!admission.IsAllowed) return BatchErrors.AccessDenied();
        if (stream is null) return BatchErrors.BadRequest("Required field StreamIdentifier not set.");
        if (Left(options) <= TimeSpan.Zero) return BatchErrors.Timeout();
        _pending.TryAdd(request.CorrelationId.ToGuid(), new(request.CorrelationId, stream, Revision(options)));
        return null;
    }

    private void Add(Pending pending, BatchAppendReq request)
    {
        foreach (var message in request.ProposedMessages)
        {
            pending.Events.Add(AppendCall.Event(message.Id, message.Metadata, message.Data, message.CustomMetadata));
            pending.Size += pending.Events[^1].Size;
        }
        var tooLarge = pending.Size > node.Options.MaxAppendSize;
        if (tooLarge || request.IsFinal) _pending.Remove(pending.Id.ToGuid());
        if (tooLarge) Refuse(pending.Id, pending.Stream.ToIdentifier(), BatchErrors.TooLarge(node.Options.MaxAppendSize));
        else if (request.IsFinal) _ = Write(pending);
    }

    private async Task Write(Pending pending)
    {
        Interlocked.Increment(ref _open);
        try
        {
            var written = await admission.Write(pending.Stream, log => log.Append(pending.Stream, pending.Expected, pending.Events));
            if (written.Outcome is Outcome.NotLeader or Outcome.Lost) admission.Throw(written, pending.Stream);
            _answers.Writer.TryWrite(Answer(pending, written));
            End();
        }
        catch (Exception error)
        {
            _answers.Writer.TryComplete(error);
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _open) == 0) _answers.Writer.TryComplete();
    }

    private void Refuse(UUID id, StreamIdentifier? stream, Wire.Status error) =>
        _answers.Writer.TryWrite(new() { CorrelationId = id, StreamIdentifier = stream, Error = error });

    private static BatchAppendResp Answer(Pending pending, Written written)
    {
        var answer = new BatchAppendResp { CorrelationId = pending.Id, StreamIdentifier = pending.Stream.ToIdentifier() };
        if (written.Outcome == Outcome.Done) answer.Success = Success(written);
        else answer.Error = BatchErrors.Of(written, pending.Stream, pending.Expected);
        return answer;
    }

    private static BatchAppendResp.Types.Success Success(Written written)
    {
        var position = (ulong)written.Position;
        var success = new BatchAppendResp.Types.Success { Position = new() { CommitPosition = position, PreparePosition = position } };
        if (written.Revision < 0) success.NoStream = new();
        else success.CurrentRevision = (ulong)written.Revision;
        return success;
    }

    private TimeSpan Left(BatchAppendReq.Types.Options options) =>
        options.Deadline is { } left ? left.ToTimeSpan()
        : options.Deadline21100 is { } deadline ? deadline.ToDateTimeOffset() - node.Options.Time.GetUtcNow()
        : TimeSpan.MaxValue;

    private static long Revision(BatchAppendReq.Types.Options options) => options.ExpectedStreamPositionCase switch
    {
        Expected.StreamPosition => (long)options.StreamPosition,
        Expected.NoStream => Storage.Revision.NoStream,
        Expected.Any => Storage.Revision.Any,
        Expected.StreamExists => Storage.Revision.StreamExists,
        var none => throw RpcErrors.InvalidArgument(none),
    };
}
