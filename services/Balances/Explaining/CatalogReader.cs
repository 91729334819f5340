using Metering.Kernel.Streams;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;

namespace Metering.Balances.Explaining;

/// <summary>
/// The catalog as it is now, which says what it was at any moment: no meter changes or goes, and no book is published for a time that has passed. It is
/// read on from where it was read before.
/// </summary>
internal sealed class CatalogReader(IEventStreams streams)
{
    private volatile Known known = new(CatalogState.Empty, Revisions.None);

    public async Task<CatalogState> Read(CancellationToken cancellation)
    {
        var (catalog, revision) = known;
        await foreach (var stored in streams.Read("catalog", Direction.Forwards, revision + 1, cancellation: cancellation))
            (catalog, revision) = (catalog.Fold(CatalogEvents.Decode(stored.Type, stored.Data.Span)), stored.Revision);
        known = new(catalog, revision);
        return catalog;
    }

    private sealed record Known(CatalogState Catalog, long Revision);
}
