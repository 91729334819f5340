using System.Runtime.CompilerServices;
using Metering.BillingSync.Replaying;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.BillingSync.Webhooks;

/// <summary>What ledgers say of what was asked of them, long after they forgot the ids (rule 15), and of whose customer is whose.</summary>
public sealed class LedgerTrail(IEventStreams streams)
{
    private readonly SemaphoreSlim reading = new(1);
    private readonly Dictionary<string, string> users = new(StringComparer.Ordinal);
    private Position upto = Position.Start;

    /// <summary>True if something came of a command under one of these ids.</summary>
    /// <param name="since">When the first was made: an event's time never goes back, so nothing before can be of them.</param>
    public async Task<bool> HasDone(string user, IReadOnlyList<Guid> commands, DateTimeOffset since, CancellationToken cancellation)
    {
        await foreach (var happened in Backwards(user, cancellation))
        {
            if (happened.Cause is { } cause && commands.Contains(cause.Command)) return true;
            // the ledger's clock may be a little behind
            if (happened.At < since - RememberedIds.Ahead) return false;
        }
        return false;
    }

    /// <summary>True if a user is suspended, and by this command.</summary>
    public async Task<bool> IsSuspendedBy(string user, Guid command, CancellationToken cancellation)
    {
        await foreach (var happened in Backwards(user, cancellation))
            if (happened is Suspended or Resumed) return happened is Suspended && happened.Cause!.Command == command;
        return false;
    }

    /// <summary>Whose plan was assigned last with this Stripe customer; none: nobody's. A process reads the ledgers once.</summary>
    public async Task<string?> UserOf(string customer, CancellationToken cancellation)
    {
        await reading.WaitAsync(cancellation);
        try
        {
            await CatchUp(cancellation);
            return users.GetValueOrDefault(customer);
        }
        finally
        {
            reading.Release();
        }
    }

    private async Task CatchUp(CancellationToken cancellation)
    {
        await foreach (var batch in streams.Subscribe(upto, [LedgerStreams.Prefix], cancellation))
        {
            foreach (var stored in batch.Events)
                if (IsAssignment(stored) && LedgerEvents.Decode(stored.Type, stored.Data.Span) is PlanAssigned { StripeCustomer: { } customer })
                    users[customer] = LedgerStreams.UserOf(stored.Stream);
            upto = batch.Upto;
            if (batch.CaughtUp) break;
        }
    }

    // of all that ledgers hold, the least is read
    private static bool IsAssignment(StoredEvent stored) => stored.Type.StartsWith("plan_assigned.", StringComparison.Ordinal);

    private async IAsyncEnumerable<LedgerEvent> Backwards(
        string user, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(LedgerStreams.Of(user), Direction.Backwards, Revisions.End, cancellation: cancellation))
            yield return LedgerEvents.Decode(stored.Type, stored.Data.Span);
    }
}
