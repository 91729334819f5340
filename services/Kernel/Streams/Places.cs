using System.Runtime.CompilerServices;

namespace Metering.Kernel.Streams;

/// <summary>Finds places in long streams by halving: some twenty reads in a million events.</summary>
public static class Places
{
    /// <summary>
    /// The events of a stream from the first one on for which <paramref name="isBeyond"/> is true. It is false for those before and true for those after;
    /// an event that cannot tell (none) is judged by the next one that can.
    /// </summary>
    public static async IAsyncEnumerable<StoredEvent> ReadFromFirst(
        this IEventStreams streams, string stream, Func<StoredEvent, bool?> isBeyond, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (from, upto) = (0L, await streams.Count(stream, cancellation));
        while (from < upto)
        {
            var half = from + (upto - from) / 2;
            if (await streams.IsBeyond(stream, half, isBeyond, cancellation)) upto = half;
            else from = half + 1;
        }
        await foreach (var stored in streams.Read(stream, Direction.Forwards, from, cancellation: cancellation)) yield return stored;
    }

    private static async Task<long> Count(this IEventStreams streams, string stream, CancellationToken cancellation)
    {
        await foreach (var last in streams.Read(stream, Direction.Backwards, Revisions.End, 1, cancellation)) return last.Revision + 1;
        return 0;
    }

    private static async Task<bool> IsBeyond(
        this IEventStreams streams, string stream, long from, Func<StoredEvent, bool?> isBeyond, CancellationToken cancellation)
    {
        for (var limit = 1; ; limit = Math.Min(8 * limit, 512))
        {
            var read = 0;
            await foreach (var stored in streams.Read(stream, Direction.Forwards, from, limit, cancellation))
            {
                if (isBeyond(stored) is { } answer) return answer;
                (from, read) = (stored.Revision + 1, read + 1);
            }
            if (read < limit) return true;
        }
    }
}
