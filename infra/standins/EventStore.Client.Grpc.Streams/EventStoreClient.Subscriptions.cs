using EventStore.Client.Wire;

namespace EventStore.Client;

public sealed partial class EventStoreClient
{
    /// <summary>Follows all streams from a position on (exclusive): what is there, then what comes. A broken subscription ends with the
    /// reason.</summary>
    public StreamSubscriptionResult SubscribeToAll(FromAll start, bool resolveLinkTos = false,
        SubscriptionFilterOptions? filterOptions = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default)
    {
        var options = new ReadReq.Types.Options
        {
            ReadDirection = ReadReq.Types.ReadDirection.Forwards,
            ResolveLinks = resolveLinkTos,
            All = start.ToWire(),
            Subscription = new(),
        };
        if (Wanted.ToWire(filterOptions?.Filter, filterOptions?.CheckpointInterval ?? 0) is { } filter) options.Filter = filter;
        else options.NoFilter = new();
        return new StreamSubscriptionResult(Start(options, deadline: null, userCredentials, cancellationToken));
    }

    /// <summary>What a subscription brings, as events or as messages; to be enumerated once.</summary>
    public class StreamSubscriptionResult : IAsyncEnumerable<ResolvedEvent>, IAsyncDisposable, IDisposable
    {
        private readonly Messages _messages;

        internal StreamSubscriptionResult(Messages messages) => _messages = messages;

        public string? SubscriptionId { get; private set; }
        public IAsyncEnumerable<StreamMessage> Messages => _messages.Once(Note);

        public async IAsyncEnumerator<ResolvedEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            await using var stop = cancellationToken.Register(_messages.Stop);
            await foreach (var message in _messages.Once(Note).ConfigureAwait(false))
                if (message is StreamMessage.Event(var found)) yield return found;
        }

        public void Dispose()
        {
            _messages.Stop();
            GC.SuppressFinalize(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Note(StreamMessage message)
        {
            if (message is StreamMessage.SubscriptionConfirmation(var id)) SubscriptionId = id;
        }
    }
}
