using Metering.Balances.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;

namespace Metering.Balances.Queries;

/// <summary>A user's past, replayed.</summary>
internal static class History
{
    /// <summary>The state after every event at <paramref name="at"/> or before. Times never go back in a ledger, so the first later one ends it.</summary>
    public static async Task<LedgerState> StateAsOf(IEventStreams streams, string user, DateTimeOffset at, CancellationToken cancellation)
    {
        var state = new LedgerState();
        await foreach (var stored in streams.Read(LedgerStreams.Of(user), Direction.Forwards, 0, cancellation: cancellation))
        {
            var happened = LedgerStreams.Decode(stored);
            if (happened.At > at) break;
            Fold.Apply(state, happened);
        }
        return state;
    }
}
