using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace Metering.Reservations;

/// <summary>Tells watchers that a user's ledger changed on this instance. What changed elsewhere they see when they look by themselves.</summary>
internal sealed class UsageWatch(ReservationsOptions options)
{
    private const double LooksPerSecond = 200;
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, ImmutableArray<Watcher>> watchers = [];
    private int count;

    /// <summary>
    /// How long a watcher waits before it looks by itself: a second, and more the more there are, so that the looks of all stay few; at
    /// most 30 s.
    /// </summary>
    public TimeSpan LookEvery => TimeSpan.FromSeconds(Math.Clamp(count / LooksPerSecond, Soonest.TotalSeconds, Latest.TotalSeconds));

    /// <summary>Follows a stream until disposed.</summary>
    /// <exception cref="TooManyException">As many watch as may.</exception>
    public Watcher Watch(string stream)
    {
        if (Interlocked.Increment(ref count) > options.WatchersMost)
        {
            Interlocked.Decrement(ref count);
            throw new TooManyException("watchers");
        }
        var watcher = new Watcher(this, stream);
        watchers.AddOrUpdate(stream, [watcher], (_, others) => others.Add(watcher));
        return watcher;
    }

    public void Changed(string stream)
    {
        if (!watchers.TryGetValue(stream, out var some)) return;
        foreach (var watcher in some) watcher.Signal();
    }

    private void Forget(Watcher watcher)
    {
        Interlocked.Decrement(ref count);
        while (watchers.TryGetValue(watcher.Stream, out var some) && !TryRemove(watcher, some)) { }
    }

    private bool TryRemove(Watcher watcher, ImmutableArray<Watcher> some) => some.Remove(watcher) is { IsEmpty: false } rest
        ? watchers.TryUpdate(watcher.Stream, rest, some)
        : watchers.TryRemove(new KeyValuePair<string, ImmutableArray<Watcher>>(watcher.Stream, some));

    /// <summary>One who waits for changes; several in a short time are one.</summary>
    internal sealed class Watcher(UsageWatch watch, string stream) : IDisposable
    {
        private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public string Stream { get; } = stream;

        public void Signal() => changes.Writer.TryWrite(true);

        /// <summary>Returns when something changed, or after <paramref name="longest"/>.</summary>
        public async Task Next(TimeSpan longest, TimeProvider clock, CancellationToken cancellation)
        {
            using var timeout = new CancellationTokenSource(longest, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            try
            {
                await changes.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // it is time to look, changed or not
            }
        }

        public void Dispose() => watch.Forget(this);
    }
}
