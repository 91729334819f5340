using Metering.Kernel.Streams;
using Metering.Ledger.Stored;

namespace Metering.BillingSync.Replaying;

/// <summary>Whose usage is metered.</summary>
public static class LedgerUsers
{
    /// <summary>Everyone who has a ledger by now, in order.</summary>
    public static async Task<IReadOnlyCollection<string>> All(IEventStreams streams, CancellationToken cancellation)
    {
        var users = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var batch in streams.Subscribe(Position.Start, [LedgerStreams.Prefix], cancellation))
        {
            foreach (var stored in batch.Events) users.Add(LedgerStreams.UserOf(stored.Stream));
            if (batch.CaughtUp) break;
        }
        return users;
    }
}
