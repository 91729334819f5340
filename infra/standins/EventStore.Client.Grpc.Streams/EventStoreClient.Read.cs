using EventStore.Client.Wire;

namespace EventStore.Client;

public sealed partial class EventStoreClient
{
    /// <summary>Reads a stream from a revision on (inclusive), either way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A count below one.</exception>
    public ReadStreamResult ReadStreamAsync(Direction direction, string streamName, StreamPosition revision, long maxCount = long.MaxValue,
        bool resolveLinkTos = false, TimeSpan? deadline = null, UserCredentials? userCredentials = null,
            CancellationToken cancellationToken = default)
    {
        var options = ReadOptions(direction, maxCount, resolveLinkTos);
        options.Stream = new() { StreamIdentifier = Names.ToWire(streamName) };
        if (revision == StreamPosition.End) options.Stream.End = new();
        else if (revision == StreamPosition.Start) options.Stream.Start = new();
        else options.Stream.Revision = revision.ToUInt64();
        return new ReadStreamResult(streamName, Start(options, deadline, userCredentials, cancellationToken));
    }

    /// <summary>Reads all streams in their one order from a position on (inclusive), either way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A count below one.</exception>
    public ReadAllStreamResult ReadAllAsync(Direction direction, Position position, long maxCount = long.MaxValue,
        bool resolveLinkTos = false,
        TimeSpan? deadline = null, UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        ReadAllAsync(direction, position, null, maxCount, resolveLinkTos, deadline, userCredentials, cancellationToken);

    /// <summary>The same of the events that <paramref name="eventFilter"/> wants.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A count below one.</exception>
    public ReadAllStreamResult ReadAllAsync(Direction direction, Position position, IEventFilter? eventFilter,
        long maxCount = long.MaxValue,
        bool resolveLinkTos = false, TimeSpan? deadline = null, UserCredentials? userCredentials = null,
            CancellationToken cancellationToken = default)
    {
        var options = ReadOptions(direction, maxCount, resolveLinkTos);
        options.All = new() { Position = position.ToWire() };
        if (Wanted.ToWire(eventFilter) is { } filter) options.Filter = filter;
        return new ReadAllStreamResult(Start(options, deadline, userCredentials, cancellationToken));
    }

    private static ReadReq.Types.Options ReadOptions(Direction direction, long maxCount, bool resolveLinkTos)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxCount);
        return new()
        {
            ReadDirection = direction == Direction.Forwards ? ReadReq.Types.ReadDirection.Forwards : ReadReq.Types.ReadDirection.Backwards,
            ResolveLinks = resolveLinkTos,
            Count = (ulong)maxCount,
            NoFilter = new(),
            ControlOption = new() { Compatibility = 1 },
        };
    }

    private Messages Start(ReadReq.Types.Options options, TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation)
    {
        options.UuidOption = new() { Structured = new() };
        return new Messages(Connection, new ReadReq { Options = options }, Settings, deadline, user, cancellation);
    }

    /// <summary>A stream's events, as events or as messages; to be enumerated once.</summary>
    public class ReadStreamResult : IAsyncEnumerable<ResolvedEvent>
    {
        private readonly Messages _messages;

        internal ReadStreamResult(string stream, Messages messages) => (StreamName, _messages) = (stream, messages);

        public string StreamName { get; }
        public StreamPosition? FirstStreamPosition { get; private set; }
        public StreamPosition? LastStreamPosition { get; private set; }
        public Task<ReadState> ReadState => _messages.State;
        public IAsyncEnumerable<StreamMessage> Messages => _messages.Once(Note);

        /// <exception cref="StreamNotFoundException">There is no such stream.</exception>
        public async IAsyncEnumerator<ResolvedEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            await using var stop = cancellationToken.Register(_messages.Stop);
            await foreach (var message in _messages.Once().ConfigureAwait(false))
            {
                if (message is StreamMessage.NotFound) throw new StreamNotFoundException(StreamName);
                if (message is StreamMessage.Event(var found)) yield return found;
            }
        }

        private void Note(StreamMessage message)
        {
            if (message is StreamMessage.FirstStreamPosition(var first)) FirstStreamPosition = first;
            if (message is StreamMessage.LastStreamPosition(var last)) LastStreamPosition = last;
        }
    }

    /// <summary>Events of all streams, as events or as messages; to be enumerated once.</summary>
    public class ReadAllStreamResult : IAsyncEnumerable<ResolvedEvent>
    {
        private readonly Messages _messages;

        internal ReadAllStreamResult(Messages messages) => _messages = messages;

        public Position? LastPosition { get; private set; }
        public IAsyncEnumerable<StreamMessage> Messages => _messages.Once(Note);

        public async IAsyncEnumerator<ResolvedEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            await using var stop = cancellationToken.Register(_messages.Stop);
            await foreach (var message in _messages.Once().ConfigureAwait(false))
                if (message is StreamMessage.Event(var found)) yield return found;
        }

        private void Note(StreamMessage message)
        {
            if (message is StreamMessage.LastAllStreamPosition(var last)) LastPosition = last;
        }
    }
}
