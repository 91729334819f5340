using System.Globalization;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Bench.Contestants;

/// <summary>
/// Adds up what the stored events charge each user, from the first event of this run on, apart from any state of the product; and compares
/// it with
/// what was acknowledged.
/// </summary>
internal sealed class Audit(Store store, Tally tally, int users = Users.All)
{
    private readonly long[] used = new long[users];
    private readonly string streams = "ledger-" + Requests.Prefix;
    private Position seen = Position.Start;

    /// <summary>Events of these users so far, and the bytes of their data and metadata.</summary>
    internal long Events { get; private set; }

    internal long Bytes { get; private set; }

    /// <summary>Reads what is new. Returns how many users' events do not add up to what was acknowledged.</summary>
    internal async Task<int> Mismatches()
    {
        await using var opened = store.Open();
        await foreach (var batch in opened.Port.Subscribe(seen, [streams], CancellationToken.None))
        {
            foreach (var stored in batch.Events) Add(stored);
            seen = batch.Upto;
            if (batch.CaughtUp) break;
        }
        return tally.Mismatches(user => used[user]);
    }

    private void Add(StoredEvent stored)
    {
        if (!int.TryParse(stored.Stream.AsSpan(streams.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var user)) return;
        Events++;
        Bytes += stored.Data.Length + stored.Metadata.Length;
        used[user] += LedgerEvents.Decode(stored.Type, stored.Data.Span) switch
        {
            Committed committed => committed.Draws.Sum(draw => draw.Amount),
            UsageTracked tracked => tracked.Draws.Sum(draw => draw.Amount),
            Refunded refunded => -refunded.Draws.Sum(draw => draw.Amount),
            _ => 0,
        };
    }
}
