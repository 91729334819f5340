using System.Runtime.CompilerServices;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// One live subscription for all followers in this process that keep up, whatever streams they follow. A node hands each event to each subscription,
/// and one of version 23.10 blocks a thread of its pool while a subscription takes it: with seven of them, on two cores, it stood still for seconds at
/// a time. What is older than the newest events each follower fetches by a subscription of its own, until it has caught up.
/// </summary>
internal sealed class SharedSubscription(StoreNode node, TimeProvider clock)
{
    private static readonly string[] Everything = [""];

    private readonly Lock _gate = new();
    private Live? _live;

    public async IAsyncEnumerable<EventBatch> From(
        Position after, IReadOnlyList<string> prefixes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            await foreach (var batch in new Subscription(node, clock, prefixes).From(after, cancellation))
            {
                yield return batch;
                after = batch.Upto;
                if (batch.CaughtUp) break;
            }
            var live = Join(after);
            try
            {
                await foreach (var batch in live.From(after, prefixes, cancellation))
                {
                    yield return batch;
                    after = batch.Upto;
                }
            }
            finally
            {
                Leave(live);
            }
        }
    }

    private Live Join(Position after)
    {
        lock (_gate)
        {
            if (_live is null or { HasFailed: true }) _live = new Live(new Subscription(node, clock, Everything), after);
            _live.Followers++;
            return _live;
        }
    }

    private void Leave(Live live)
    {
        lock (_gate)
        {
            if (--live.Followers > 0) return;
            if (_live == live) _live = null;
        }
        live.Dispose();
    }

    /// <summary>A subscription under way, and the newest that it brought.</summary>
    private sealed class Live : IDisposable
    {
        private const int EventsMost = 4_096;
        private const long BytesMost = 16 << 20;

        // each batch costs its follower something besides its events
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

        private readonly Tail _tail = new(EventsMost, BytesMost);
        private readonly PacedWakeup _news = new(Pace);
        private readonly CancellationTokenSource _stop = new();
        private volatile bool _isLive;
        private volatile Exception? _failure;

        public Live(Subscription subscription, Position after)
        {
            _tail.Add(after, [], after);
            _ = Bring(subscription, after);
        }

        public int Followers { get; set; }

        public bool HasFailed => _failure is not null;

        public void Dispose()
        {
            _stop.Cancel();
            _news.Dispose();
        }

        /// <summary>Ends where something is missing here that comes next, and with what ended the subscription.</summary>
        public async IAsyncEnumerable<EventBatch> From(
            Position after, IReadOnlyList<string> prefixes, [EnumeratorCancellation] CancellationToken cancellation)
        {
            for (var caughtUp = true; ;)
            {
                cancellation.ThrowIfCancellationRequested();
                var news = _news.Wakeup.Next;
                if (!_tail.Has(after)) yield break;
                if (Page(after, prefixes, caughtUp) is { } page)
                {
                    yield return page;
                    (after, caughtUp) = (page.Upto, page.CaughtUp);
                }
                else if (_failure is { } failure)
                    throw new StreamsUnavailableException(failure.Message, outcomeUnknown: false, failure);
                else await news.WaitAsync(cancellation);
            }
        }

        private EventBatch? Page(Position after, IReadOnlyList<string> prefixes, bool caughtUp)
        {
            var isLive = _isLive;
            if (_tail.Page(after, prefixes) is { } page) return page with { CaughtUp = page.CaughtUp && isLive };
            return isLive && !caughtUp ? new EventBatch([], after, CaughtUp: true) : null;
        }

        private async Task Bring(Subscription subscription, Position after)
        {
            try
            {
                await foreach (var batch in subscription.From(after, _stop.Token))
                {
                    _isLive = batch.CaughtUp;
                    _tail.Add(after, batch.Events, batch.Upto);
                    after = batch.Upto;
                    _news.Wake();
                }
            }
            catch (Exception ended)
            {
                _failure = ended;
                _news.WakeNow();
            }
        }
    }
}
