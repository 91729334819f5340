using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;

namespace Metering.Reservations.Models;

/// <summary>What the stream <c>catalog</c> means.</summary>
internal sealed class CatalogModel : IStreamModel<CatalogModel.Latest, CatalogCommand, Answer>
{
    public const string Stream = "catalog";

    /// <summary>The runner's state is one that changes; the catalog's is one after another.</summary>
    internal sealed class Latest
    {
        public CatalogState Catalog { get; set; } = CatalogState.Empty;
    }

    public Latest Empty() => new();

    public void Fold(Latest state, StoredEvent stored) =>
        state.Catalog = state.Catalog.Fold(CatalogEvents.Decode(stored.Type, stored.Data.Span));

    public Turn<Answer> Decide(Latest state, CatalogCommand command, DateTimeOffset now)
    {
        var decision = CatalogDecisions.Decide(state.Catalog, command, now, TimeZones.IsKnown);
        if (decision.Event is not { } happened) return new([], decision.Answer);
        state.Catalog = state.Catalog.Fold(happened);
        var (type, data) = CatalogEvents.Encode(happened);
        return new([new Fact(type, data, happened.Cause.Command)], decision.Answer);
    }

    public bool IsAhead(Latest state) => false;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(Latest state) => null;

    public Latest? Restore(Snapshot snapshot) => null;
}
