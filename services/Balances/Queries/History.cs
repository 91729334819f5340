using System.Text.Json;
using Metering.Balances.ReadModels;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Balances.Queries;

/// <summary>A user's past, replayed.</summary>
internal static class History
{
    /// <summary>The state after every event at <paramref name="at"/> or before. Times never go back in a ledger, so the first later one ends it.</summary>
    public static Task<LedgerState> StateAsOf(IEventStreams streams, string user, DateTimeOffset at, CancellationToken cancellation) =>
        Replay(new LedgerState(), streams, user, (_, happened) => happened.At <= at, cancellation);

    /// <summary>The state after the event of that revision, or after the last one if there is none yet.</summary>
    public static async Task<LedgerState> StateAsOf(IEventStreams streams, string user, long revision, CancellationToken cancellation) =>
        await Replay(
            await Snapshot(streams, user, revision, cancellation) ?? new LedgerState(), streams, user, (stored, _) => stored.Revision <= revision,
            cancellation);

    private static async Task<LedgerState> Replay(
        LedgerState state, IEventStreams streams, string user, Func<StoredEvent, LedgerEvent, bool> isWanted, CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(LedgerStreams.Of(user), Direction.Forwards, state.Revision + 1, cancellation: cancellation))
        {
            var happened = LedgerEvents.Decode(stored.Type, stored.Data.Span);
            if (!isWanted(stored, happened)) break;
            Fold.Apply(state, happened);
        }
        return state;
    }

    // a cache: one that cannot be read costs a full replay, nothing else
    private static async Task<LedgerState?> Snapshot(IEventStreams streams, string user, long upto, CancellationToken cancellation)
    {
        var snapshot = await streams.LoadSnapshot(LedgerStreams.Of(user), cancellation);
        if (snapshot is null || snapshot.Revision > upto || snapshot.Version != LedgerSnapshots.Version) return null;
        try
        {
            return Sealed.TryOpen(snapshot.Data, out var data) && LedgerSnapshots.Restore(data.Span) is var state && state.Revision == snapshot.Revision
                ? state
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
