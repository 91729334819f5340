using System.Runtime.CompilerServices;

namespace Metering.Kernel.Streams;

/// <summary>Tells everyone who waits that there may be something new. Who takes <see cref="Next"/> before looking misses nothing.</summary>
internal sealed class Wakeup
{
    private TaskCompletionSource _next = New();

    public Task Next => Volatile.Read(ref _next).Task;

    public void Wake() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A catch-up subscription over a store that can read a page of its global order.</summary>
internal static class Following
{
    /// <summary>Enough events per page that the page's own cost vanishes, few enough that they are no burden in memory.</summary>
    public const int PageEvents = 1_000;

    /// <summary>A page ends early here, so that a thousand events of a megabyte do not come at once.</summary>
    public const int PageBytes = 4 << 20;

    public static async IAsyncEnumerable<EventBatch> Follow(
        Position after, Func<Position, Task<EventBatch>> page, Wakeup wakeup, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var caughtUp = false; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var news = wakeup.Next;
            var batch = await page(after).ConfigureAwait(false);
            if (batch.Upto > after || !caughtUp)
                yield return batch;
            (after, caughtUp) = (batch.Upto, batch.CaughtUp);
            if (caughtUp)
                await news.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public static void CheckPrefixes(IReadOnlyList<string> prefixes)
    {
        if (prefixes.Count == 0)
            throw new ArgumentException("no prefix matches nothing; an empty prefix means all streams", nameof(prefixes));
    }

    public static bool Matches(string stream, IReadOnlyList<string> prefixes)
    {
        foreach (var prefix in prefixes)
            if (stream.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        return false;
    }
}
