using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Stored;

namespace Metering.Bench.Histories;

/// <summary>Writes histories as the product would have: the stored form, chained by hashes.</summary>
internal static class Writing
{
    private const int PerAppend = 400;

    /// <summary>Writes at least so many events of a user.</summary>
    internal static async Task Write(IEventStreams streams, string user, int events)
    {
        var (history, stream, head, last) = (new History(events, TimeProvider.System.GetUtcNow()), $"ledger-{user}",
            new byte[Chain.HashSize], Revisions.None);
        while (last + 1 < events)
        {
            var next = new List<NewEvent>(PerAppend);
            foreach (var happened in history.Next(Math.Min(PerAppend, (int)(events - last - 1))))
            {
                var (type, data) = LedgerEvents.Encode(happened);
                next.Add(Chain.Next(head, stream, last + 1 + next.Count, new Fact(type, data, happened.Cause?.Command),
                    new Caller("bench", null)));
            }
            last = (await streams.Append(stream, last, next, CancellationToken.None)).Revision;
        }
    }
}
