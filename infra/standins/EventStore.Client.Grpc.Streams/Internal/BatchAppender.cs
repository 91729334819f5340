using System.Collections.Concurrent;
using System.Threading.Channels;
using EventStore.Client.Wire;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EventStore.Client;

/// <summary>
/// Appends of all callers over one bidirectional stream, each with a correlation id: the next is sent before the last is answered.
/// When the stream breaks, whatever waits fails, and another appender takes its place.
/// </summary>
internal sealed class BatchAppender : IDisposable
{
    private const int WaitingMost = 10_000;

    private readonly EventStoreClientSettings _settings;
    private readonly Channel<BatchAppendReq> _requests = Channel.CreateBounded<BatchAppendReq>(
        new BoundedChannelOptions(WaitingMost) { SingleReader = true });
    private readonly ConcurrentDictionary<Uuid, TaskCompletionSource<IWriteResult>> _pending = new();
    private readonly CancellationTokenSource _closed = new();
    private volatile bool _broken;

    public BatchAppender(EventStoreClientSettings settings, Task<Node> node)
    {
        _settings = settings;
        Usable = Start(node);
    }

    /// <summary>For good. Who holds it asks: it may break before anyone holds it, when nobody could be told.</summary>
    public bool IsBroken => _broken;

    /// <summary>False where the node does not know this way to append.</summary>
    public Task<bool> Usable { get; }

    public void Dispose()
    {
        _requests.Writer.TryComplete();
        _closed.Cancel();
    }

    public async Task<IWriteResult> Append(BatchAppendReq.Types.Options options, IEnumerable<EventData> events,
        CancellationToken cancellation)
    {
        var id = Uuid.NewUuid();
        var answer = _pending.GetOrAdd(id, _ => new TaskCompletionSource<IWriteResult>());
        try
        {
            foreach (var request in Requests(id, options, events))
                await _requests.Writer.WriteAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            _pending.TryRemove(id, out _);
            throw failure is ChannelClosedException { InnerException: { } cause } ? cause : failure;
        }
        return await answer.Task.ConfigureAwait(false);
    }

    private async Task<bool> Start(Task<Node> connecting)
    {
        await Task.Yield();
        try
        {
            var node = await connecting.ConfigureAwait(false);
            if (!node.TakesBatches) return false;
            var call = new Streams.StreamsClient(node.Invoker).BatchAppend(CallSettings.Of(_settings, null, null, _closed.Token));
            _ = Send(call);
            _ = Receive(call);
            return true;
        }
        catch (Exception failure)
        {
            Fail(failure);
            throw;
        }
    }

    private async Task Send(AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> call)
    {
        try
        {
            await foreach (var request in _requests.Reader.ReadAllAsync(_closed.Token).ConfigureAwait(false))
                await call.RequestStream.WriteAsync(request).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // the receiving side learns what happened, with the node's own words
        }
    }

    private async Task Receive(AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> call)
    {
        using (call)
        {
            try
            {
                while (await call.ResponseStream.MoveNext(_closed.Token).ConfigureAwait(false)) Answer(call.ResponseStream.Current);
                Fail(new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "the node ended the stream of appends")));
            }
            catch (Exception failure)
            {
                Fail(failure);
            }
        }
    }

    private void Answer(BatchAppendResp response)
    {
        if (!_pending.TryRemove(Uuid.FromWire(response.CorrelationId), out var waiting)) return;
        try
        {
            waiting.TrySetResult(BatchAnswers.Read(response));
        }
        catch (Exception refused)
        {
            waiting.TrySetException(refused);
        }
    }

    private void Fail(Exception failure)
    {
        _broken = true;
        _requests.Writer.TryComplete(failure);
        foreach (var (id, _) in _pending)
            if (_pending.TryRemove(id, out var waiting)) waiting.TrySetException(failure);
    }

    private IEnumerable<BatchAppendReq> Requests(Uuid id, BatchAppendReq.Types.Options options, IEnumerable<EventData> events)
    {
        var request = new BatchAppendReq { CorrelationId = id.ToWire(), Options = options };
        var bytes = 0;
        foreach (var item in events)
        {
            var message = item.ToWire();
            request.ProposedMessages.Add(message);
            if ((bytes += message.CalculateSize()) < _settings.OperationOptions.BatchAppendSize) continue;
            yield return request;
            (request, bytes) = (new BatchAppendReq { CorrelationId = id.ToWire() }, 0);
        }
        request.IsFinal = true;
        yield return request;
    }

    /// <summary>The node compares the deadline with its own clock.</summary>
    public static BatchAppendReq.Types.Options Options(ExpectedRevision expected, TimeSpan? deadline)
    {
        var options = new BatchAppendReq.Types.Options
        {
            StreamIdentifier = expected.StreamIdentifier,
            Deadline = Timestamp.FromDateTime(
                deadline is { } span ? DateTime.UtcNow + span : DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)),
        };
        switch (expected.ExpectedCase)
        {
            case ExpectedRevision.ExpectedOneofCase.Revision: options.StreamPosition = expected.Revision; break;
            case ExpectedRevision.ExpectedOneofCase.NoStream: options.NoStream = new(); break;
            case ExpectedRevision.ExpectedOneofCase.StreamExists: options.StreamExists = new(); break;
            default: options.Any = new(); break;
        }
        return options;
    }
}
