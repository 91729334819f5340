using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
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

    /// <summary>How many billing periods a user has, the running one included: they are numbered from 1.</summary>
    public static async Task<int> Periods(IEventStreams streams, string user, CancellationToken cancellation)
    {
        var (state, closed) = (new LedgerState(), 0);
        await foreach (var stored in streams.Read(LedgerStreams.Of(user), Direction.Forwards, 0, cancellation: cancellation))
        {
            var happened = LedgerEvents.Decode(stored.Type, stored.Data.Span);
            Fold.Apply(state, happened);
            if (happened is PeriodClosed e) closed = e.Period.Number;
        }
        return state.OpenPeriods.Select(period => period.Period.Number).Append(closed).Max();
    }
}
