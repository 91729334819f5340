using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EventStore.Client;
using Grpc.Core;
using ClientPosition = EventStore.Client.Position;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>Follows the store and hands out in batches whatever has gathered meanwhile.</summary>
internal sealed class Subscription(StoreNode node, TimeProvider clock, IReadOnlyList<string> prefixes)
{
    private const int MessagesAhead = 4_096;

    // events searched before the node says how far it is; also how many it looks at in one go while it catches up
    private const uint SearchWindow = 100;

    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(2);

    private readonly Channel<StreamMessage> _ahead = Channel.CreateBounded<StreamMessage>(
        new BoundedChannelOptions(MessagesAhead) { SingleReader = true, SingleWriter = true });

    private List<StoredEvent> _events = [];
    private Position _upto;
    private bool _confirmed;
    private bool _live;
    private bool _news;

    public async IAsyncEnumerable<EventBatch> From(Position after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _upto = after;
        var pump = Pump(after, stop.Token);
        try
        {
            while (await Arrived(cancellation))
            {
                while (_events.Count < Following.PageEvents && _ahead.Reader.TryRead(out var message)) Take(message);
                if (_news) yield return Batch();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pump;
        }
    }

    private async Task Pump(Position after, CancellationToken cancellation)
    {
        try
        {
            while (await Overrun(after, cancellation) is var reached && reached > after) after = reached;
            _ahead.Writer.TryComplete(new StreamsUnavailableException("the event store ended the subscription", outcomeUnknown: false));
        }
        catch (Exception failure)
        {
            _ahead.Writer.TryComplete(Failures.OfRead(failure));
        }
    }

    /// <summary>
    /// How far it got before the node ended it: nodes up to 23.10 do that to a live subscription that a burst overruns, however fast it is,
    /// and expect it to be taken up again.
    /// </summary>
    private async Task<Position> Overrun(Position after, CancellationToken cancellation)
    {
        var reached = after;
        try
        {
            await using var subscription = node.Subscribe(Start(after), Filter(), cancellation);
            await foreach (var message in subscription.Messages)
            {
                await _ahead.Writer.WriteAsync(message, cancellation);
                reached = PositionOf(message) ?? reached;
            }
        }
        catch (RpcException slow) when (slow.StatusCode == StatusCode.Aborted && reached > after)
        {
            return reached;
        }
        return after;
    }

    private static Position? PositionOf(StreamMessage message) => message switch
    {
        StreamMessage.Event(var found) => Stored.PositionOf(found),
        StreamMessage.AllStreamCheckpointReached(var position) => Stored.Position(position),
        _ => null,
    };

    private static FromAll Start(Position after) =>
        after == Position.Start ? FromAll.Start : FromAll.After(new ClientPosition(after.Commit, after.Prepare));

    private IEventFilter Filter() => prefixes.Any(prefix => prefix.Length == 0)
        ? StreamFilter.RegularExpression(OwnStreams.NoneOfThem, SearchWindow)
        : StreamFilter.Prefix(SearchWindow, [.. prefixes]);

    private async ValueTask<bool> Arrived(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var waiting = _ahead.Reader.WaitToReadAsync(cancellation);
        if (_confirmed || waiting.IsCompleted) return await waiting;
        try
        {
            return await waiting.AsTask().WaitAsync(ConfirmWithin, clock, cancellation);
        }
        catch (TimeoutException silent)
        {
            throw Failures.OfRead(silent);
        }
    }

    private void Take(StreamMessage message)
    {
        switch (message)
        {
            case StreamMessage.SubscriptionConfirmation:
                (_confirmed, _live) = (true, false);
                break;
            case StreamMessage.Event(var found):
                var stored = Stored.Event(found);
                if (!OwnStreams.Has(stored.Stream)) _events.Add(stored);
                MoveTo(stored.Position);
                break;
            case StreamMessage.AllStreamCheckpointReached(var position):
                MoveTo(Stored.Position(position));
                break;
            case StreamMessage.CaughtUp:
                _live = _news = true;
                break;
            case StreamMessage.FellBehind:
                _live = false;
                break;
        }
    }

    private void MoveTo(Position position)
    {
        if (position <= _upto) return;
        (_upto, _news) = (position, true);
    }

    private EventBatch Batch()
    {
        var batch = new EventBatch(_events, _upto, _live && !_ahead.Reader.TryPeek(out _));
        (_events, _news) = ([], false);
        return batch;
    }
}
