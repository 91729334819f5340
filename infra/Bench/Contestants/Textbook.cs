using System.Globalization;
using System.Text.Json;
using Metering.Bench.Loads;
using Metering.Kernel.Streams;

namespace Metering.Bench.Contestants;

/// <summary>
/// Event sourcing as textbooks have it: for each command read the user's stream, fold it, decide, append at the revision that was read; on
/// a
/// conflict do it all again. No cache, no snapshot, in the bench's own process, with small events and a fold of a few lines.
/// </summary>
internal sealed class Textbook(IEventStreams streams, string prefix) : IContestant
{
    private const long Quota = 1_000_000_000_000_000;

    private sealed record Happened(Guid Reservation, long Amount);

    private sealed class State
    {
        internal long Used;
        internal long Held;
        internal long Revision = Revisions.None;
        internal readonly Dictionary<Guid, long> Holds = [];
    }

    public async Task Cycle(int caller, int user)
    {
        var reservation = NewId();
        await Do(user, state => state.Used + state.Held + Loads.Cycle.Held <= Quota
            ? [Event("reserved", reservation, Loads.Cycle.Held)]
            : throw new InvalidOperationException("denied"));
        await Do(user, state => state.Holds.TryGetValue(reservation, out var held)
            ? [Event("committed", reservation, held), Event("refunded", reservation, held - Loads.Cycle.Charged)]
            : throw new InvalidOperationException("no such hold"));
    }

    internal async Task<long> Used(int user) => (await Read(user)).Used;

    private async Task Do(int user, Func<State, NewEvent[]> decide)
    {
        while (true)
        {
            var state = await Read(user);
            try
            {
                await streams.Append(NameOf(user), state.Revision, decide(state), CancellationToken.None);
                return;
            }
            catch (WrongRevisionException)
            {
                // another was first: read, fold and decide again
            }
        }
    }

    private async Task<State> Read(int user)
    {
        var state = new State();
        await foreach (var stored in streams.Read(NameOf(user), Direction.Forwards, 0)) Fold(state, stored);
        return state;
    }

    private static void Fold(State state, StoredEvent stored)
    {
        var happened = JsonSerializer.Deserialize<Happened>(stored.Data.Span)!;
        state.Revision = stored.Revision;
        if (stored.Type == "reserved") state.Holds[happened.Reservation] = happened.Amount;
        if (stored.Type == "committed") state.Holds.Remove(happened.Reservation);
        state.Held += stored.Type switch { "reserved" => happened.Amount, "committed" => -happened.Amount, _ => 0 };
        state.Used += stored.Type switch { "committed" => happened.Amount, "refunded" => -happened.Amount, _ => 0 };
    }

    private string NameOf(int user) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{user}");

    private static NewEvent Event(string type, Guid reservation, long amount) =>
        new(NewId(), type, JsonSerializer.SerializeToUtf8Bytes(new Happened(reservation, amount)), default);

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
}
