using System.Threading.Channels;
using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>The answers to one read call, in order; they may be enumerated once. The call ends with the enumeration or its token.</summary>
internal sealed class Messages
{
    private readonly Channel<StreamMessage> _messages = Channel.CreateBounded<StreamMessage>(
        new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });
    private readonly TaskCompletionSource<ReadState> _state = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private int _enumerated;

    public Messages(Connection connection, ReadReq request, EventStoreClientSettings settings, TimeSpan? deadline, UserCredentials? user,
        CancellationToken cancellation)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _ = Pump(connection, request, CallSettings.Of(settings, deadline, user, _stop.Token), request.Options.Stream is not null
            && request.Options.Subscription is null);
    }

    public Task<ReadState> State => _state.Task;

    public void Stop() => _stop.Cancel();

    /// <exception cref="InvalidOperationException">They are enumerated already.</exception>
    public async IAsyncEnumerable<StreamMessage> Once(Action<StreamMessage>? seen = null)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) == 1)
            throw new InvalidOperationException("Messages may only be enumerated once.");
        try
        {
            await foreach (var message in _messages.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                seen?.Invoke(message);
                yield return message;
            }
        }
        finally
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task Pump(Connection connection, ReadReq request, Grpc.Core.CallOptions options, bool isStream)
    {
        try
        {
            var node = await connection.Current.WaitAsync(_stop.Token).ConfigureAwait(false);
            using var call = new Streams.StreamsClient(node.Invoker).Read(request, options);
            while (await call.ResponseStream.MoveNext(_stop.Token).ConfigureAwait(false))
            {
                var message = StreamMessage.FromWire(call.ResponseStream.Current);
                var found = message is not StreamMessage.NotFound;
                if (_state.TrySetResult(found ? ReadState.Ok : ReadState.StreamNotFound) && isStream && found)
                    await _messages.Writer.WriteAsync(new StreamMessage.Ok(), _stop.Token).ConfigureAwait(false);
                await _messages.Writer.WriteAsync(message, _stop.Token).ConfigureAwait(false);
            }
            _messages.Writer.Complete();
        }
        catch (Exception failure)
        {
            if (_state.TrySetException(failure)) _ = _state.Task.Exception;
            _messages.Writer.TryComplete(failure);
        }
    }
}
