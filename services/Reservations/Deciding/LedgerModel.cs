using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Reservations.Deciding;

/// <summary>The <c>ledger-{user}</c> streams: events as stored, decisions of the pure ledger.</summary>
public sealed class LedgerModel : IStreamModel<LedgerState, Command, Answer>
{
    public const string Prefix = "ledger-";

    public static string StreamOf(string user) => Prefix + user;

    public LedgerState Empty() => new();

    public void Fold(LedgerState state, StoredEvent stored) =>
        Ledger.Accounts.Fold.Apply(state, LedgerEvents.Decode(stored.Type, stored.Data.Span));

    public Turn<Answer> Decide(LedgerState state, Command command, DateTimeOffset now)
    {
        var turn = Decisions.Take(state, command, now, TimeZoneInfo.FindSystemTimeZoneById);
        if (turn.Events.Count == 0) return new([], turn.Answer);
        var facts = new Fact[turn.Events.Count];
        for (var i = 0; i < facts.Length; i++) facts[i] = Encode(turn.Events[i]);
        return new(facts, turn.Answer);
    }

    public bool IsAhead(LedgerState state) => state.Unappended.Count > 0;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(LedgerState state) => (LedgerSnapshots.Version, LedgerSnapshots.Save(state));

    public LedgerState? Restore(Snapshot snapshot) =>
        snapshot.Version == LedgerSnapshots.Version ? LedgerSnapshots.Restore(snapshot.Data.Span) : null;

    private static Fact Encode(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        return new Fact(type, data, happened.Cause?.Command);
    }
}
