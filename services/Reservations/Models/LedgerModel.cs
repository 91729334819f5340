using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Reservations.Models;

/// <summary>What the streams <c>ledger-{user}</c> mean: the ledger's decisions and fold over their stored form.</summary>
internal sealed class LedgerModel : IStreamModel<LedgerState, Command, Answer>
{
    public LedgerState Empty() => new();

    public void Fold(LedgerState state, StoredEvent stored) =>
        Ledger.Accounts.Fold.Apply(state, LedgerEvents.Decode(stored.Type, stored.Data.Span));

    public Turn<Answer> Decide(LedgerState state, Command command, DateTimeOffset now)
    {
        var turn = Decisions.Take(state, command, now, TimeZones.Get);
        var facts = new Fact[turn.Events.Count];
        for (var i = 0; i < facts.Length; i++) facts[i] = FactOf(turn.Events[i]);
        return turn.Answer switch
        {
            null => new(facts, null!, Again: true),
            Done done => new(facts, new Recorded(done.Events, RevisionOf(done, turn.Events, state.Revision), false)),
            var answer => new(facts, answer),
        };
    }

    public bool IsAhead(LedgerState state) => state.Unappended.Count > 0;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(LedgerState state) =>
        (LedgerSnapshots.Version, Sealed.Close(LedgerSnapshots.Save(state).Span));

    /// <summary>None for one that is of another format, damaged, or not of the revision it says: the events are folded instead.</summary>
    public LedgerState? Restore(Snapshot snapshot)
    {
        if (snapshot.Version != LedgerSnapshots.Version || !Sealed.TryOpen(snapshot.Data, out var data)) return null;
        var state = LedgerSnapshots.Restore(data.Span);
        return state.Revision == snapshot.Revision ? state : null;
    }

    private static Fact FactOf(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        return new(type, data, happened.Cause?.Command, happened);
    }

    // what became due by the command's own events comes after them
    private static long RevisionOf(Done done, IReadOnlyList<LedgerEvent> all, long last)
    {
        for (var i = all.Count - 1; i >= 0; i--)
            if (ReferenceEquals(all[i], done.Events[^1])) return last - (all.Count - 1 - i);
        throw new InvalidOperationException("a command's events are not among what it appends");
    }
}
