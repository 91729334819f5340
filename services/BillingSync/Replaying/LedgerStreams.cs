using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.BillingSync.Replaying;

/// <summary>The streams that reports are compared with: one ledger per user.</summary>
public static class LedgerStreams
{
    public const string Prefix = "ledger-";

    public static string Of(string user) => Prefix + user;

    public static string UserOf(string stream) => stream[Prefix.Length..];

    /// <exception cref="InvalidOperationException">The type is unknown: the reader stops.</exception>
    public static LedgerEvent Decode(StoredEvent stored) => LedgerEvents.Decode(stored.Type, stored.Data.Span);

    /// <summary>Everyone who has a ledger by now, in order.</summary>
    public static async Task<IReadOnlyCollection<string>> Users(IEventStreams streams, CancellationToken cancellation)
    {
        var users = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var batch in streams.Subscribe(Position.Start, [Prefix], cancellation))
        {
            foreach (var stored in batch.Events) users.Add(UserOf(stored.Stream));
            if (batch.CaughtUp) break;
        }
        return users;
    }
}
