using System.Diagnostics;
using System.Runtime.CompilerServices;
using EventStore.Client;
using ClientDirection = EventStore.Client.Direction;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// The node that all calls share, over one connection. The client reconnects and follows the leader by itself; when it has heard nothing
/// for as long as a call may wait, or nothing but failures for longer, it is replaced by a new one.
/// </summary>
internal sealed class StoreNode(EventStoreSettings settings, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailsAtMost = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Reach _reach = new(clock);
    private EventStoreClient _client = new(settings.Client);
    private long _made = clock.GetTimestamp();

    public ValueTask DisposeAsync() => Volatile.Read(ref _client).DisposeAsync();

    /// <summary>Appends at the exact revision and waits for the answer, <see cref="WrongExpectedVersionResult"/> included.</summary>
    public Task<IWriteResult> Append(string stream, long expected, EventData[] events, CancellationToken cancellation) =>
        Ask(client => Insist(() => Send(client, stream, expected, events)), cancellation);

    /// <summary>Appends after whatever is there.</summary>
    public Task<IWriteResult> AppendAnywhere(string stream, EventData item, CancellationToken cancellation) =>
        Ask(client => client.AppendToStreamAsync(stream, StreamState.Any, [item], cancellationToken: CancellationToken.None), cancellation);

    /// <summary>Lets the store drop all but the last <paramref name="count"/> events of a stream.</summary>
    public async Task KeepLast(string stream, int count, CancellationToken cancellation)
    {
        var known = await Ask(client => client.GetStreamMetadataAsync(stream, cancellationToken: CancellationToken.None), cancellation);
        if (known.Metadata.MaxCount >= count) return;
        await Ask(client => client.SetStreamMetadataAsync(
            stream, StreamState.Any, new StreamMetadata(maxCount: count), cancellationToken: CancellationToken.None), cancellation);
    }

    /// <summary>Reads a stream. The store must go on answering; how long the reader takes with an event does not matter.</summary>
    public async IAsyncEnumerable<EventRecord> Read(
        string stream, Direction direction, long from, int limit, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (limit == 0) yield break;
        _reach.Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var client = Volatile.Read(ref _client);
        var messages = Start(client, stream, direction, from, limit, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (await Next(client, messages, cancellation))
                if (messages.Current is StreamMessage.Event(var found)) yield return found.Event;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>Follows all streams; the messages end with what broke the subscription.</summary>
    public EventStoreClient.StreamSubscriptionResult Subscribe(FromAll after, IEventFilter filter, CancellationToken cancellation) =>
        Volatile.Read(ref _client).SubscribeToAll(after, filterOptions: new SubscriptionFilterOptions(filter),
            cancellationToken: cancellation);

    private static Task<IWriteResult> Send(EventStoreClient client, string stream, long expected, EventData[] events) =>
        expected == Revisions.None
        ? client.AppendToStreamAsync(stream, StreamState.NoStream, events, cancellationToken: CancellationToken.None)
        : client.AppendToStreamAsync(stream, StreamRevision.FromInt64(expected), events, cancellationToken: CancellationToken.None);

    // a node drops, without an answer, the repeat of an append that it is still replicating; sent once more later, it is answered
    private async Task<IWriteResult> Insist(Func<Task<IWriteResult>> send)
    {
        var first = send();
        try
        {
            return await first.WaitAsync(AnswerWithin / 2, clock);
        }
        catch (TimeoutException)
        {
            Task<IWriteResult>[] both = [first, send()];
            if (!IsDone(await Task.WhenAny(both))) await ((Task)Task.WhenAll(both)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await (both.FirstOrDefault(IsDone) ?? both.FirstOrDefault(sent => !sent.IsCompletedSuccessfully) ?? first);
        }
    }

    // this alone settles it: one of the two may be refused and the other, a moment later, taken
    private static bool IsDone(Task<IWriteResult> append) =>
        append.IsCompletedSuccessfully && append.Result is not WrongExpectedVersionResult;

    private async Task<T> Ask<T>(Func<EventStoreClient, Task<T>> call, CancellationToken cancellation)
    {
        _reach.Enter();
        // the client would write the ambient trace into the event's metadata, which is hashed and must be stored as it is
        Activity.Current = null;
        var (client, heard) = (Volatile.Read(ref _client), _reach.LastAnswer);
        try
        {
            var answer = await Answer(call(client), cancellation);
            _reach.Answered();
            return answer;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Note(failure, client, heard);
            throw Failures.OfAppend(failure);
        }
    }

    // the client goes on inside its receiving loop: a caller that blocked there would wait for the next answer for ever
    private async Task<T> Answer<T>(Task<T> coming, CancellationToken cancellation)
    {
        try
        {
            return await coming.WaitAsync(AnswerWithin, clock, cancellation);
        }
        finally
        {
            await Task.Yield();
        }
    }

    private static IAsyncEnumerable<StreamMessage> Start(
        EventStoreClient client, string stream, Direction direction, long from, int limit, CancellationToken cancellation) =>
            client.ReadStreamAsync(
        direction == Direction.Forwards ? ClientDirection.Forwards : ClientDirection.Backwards, stream,
        from == Revisions.End ? StreamPosition.End : StreamPosition.FromInt64(from), limit, cancellationToken: cancellation).Messages;

    private async ValueTask<bool> Next(EventStoreClient client, IAsyncEnumerator<StreamMessage> messages, CancellationToken cancellation)
    {
        var heard = _reach.LastAnswer;
        try
        {
            var next = messages.MoveNextAsync();
            var more = next.IsCompleted ? await next : await next.AsTask().WaitAsync(AnswerWithin, clock, cancellation);
            _reach.Answered();
            return more;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Note(failure, client, heard);
            throw Failures.OfRead(failure);
        }
    }

    private void Note(Exception failure, EventStoreClient client, long heard)
    {
        if (Failures.IsAnswer(failure))
        {
            _reach.Answered();
        }
        else if (failure is TimeoutException && _reach.LastAnswer == heard)
        {
            _reach.WaitedInVain();
            Replace(client);
        }
        else
        {
            _reach.Failed();
            // the store may be back and the client stuck in what it met while it was away
            if (_reach.FailingFor >= FailsAtMost && clock.GetElapsedTime(Volatile.Read(ref _made)) >= FailsAtMost) Replace(client);
        }
    }

    // an append stream that ended without an error leaves the client waiting for ever
    private void Replace(EventStoreClient silent)
    {
        lock (_gate)
        {
            if (_client != silent) return;
            (_client, _made) = (new EventStoreClient(settings.Client), clock.GetTimestamp());
        }
        silent.Dispose();
    }
}
