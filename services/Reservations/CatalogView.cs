using Metering.Kernel.Streams;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using Metering.Reservations.Models;

namespace Metering.Reservations;

/// <summary>
/// The catalog as this instance knows it. A price book takes effect 5 s after its publication at the earliest, so what was read less than 5 s ago is
/// current in all that matters; an instance that cannot make sure of that does not decide (rule 16). Reading happens on demand: an idle instance
/// reads nothing.
/// </summary>
internal sealed class CatalogView(IEventStreams streams, TimeProvider clock)
{
    /// <summary>From this age on it is read again, beside the requests.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>From this age on a request waits for that.</summary>
    private static readonly TimeSpan Usable = TimeSpan.FromSeconds(4);

    private readonly Lock gate = new();
    private volatile Known known = new(CatalogState.Empty, Revisions.None, null, 0);
    private Task? reading;
    private long reads;

    /// <summary>The catalog, confirmed less than 5 s ago.</summary>
    /// <exception cref="CatalogUnconfirmedException">The store is away.</exception>
    public ValueTask<CatalogState> Current()
    {
        var now = known;
        if (Age(now) is not { } age || age >= Usable) return new(Refresh());
        if (age >= Fresh) _ = Refresh();
        return new(now.Catalog);
    }

    /// <summary>The catalog as of now: everything published before this call is in it.</summary>
    /// <exception cref="CatalogUnconfirmedException">The store is away.</exception>
    public async Task<CatalogState> Refresh()
    {
        // counted, not timed: a clock may stand. What is being read already may have begun too early for this caller; the next one has not
        var begun = Begun();
        for (var i = 0; i < 2 && known.Read <= begun; i++) await Read();
        return Age(known) < Usable ? known.Catalog : throw new CatalogUnconfirmedException(known.Failure);
    }

    private long Begun()
    {
        lock (gate) return reads;
    }

    private Task Read()
    {
        lock (gate)
        {
            if (reading is null || reading.IsCompleted) reading = ReadNew(++reads);
            return reading;
        }
    }

    private async Task ReadNew(long read)
    {
        var (begun, catalog, revision) = (clock.GetTimestamp(), known.Catalog, known.Revision);
        using var timeout = new CancellationTokenSource(Usable, clock);
        try
        {
            await foreach (var stored in streams.Read(CatalogModel.Stream, Direction.Forwards, revision + 1, cancellation: timeout.Token))
                (catalog, revision) = (catalog.Fold(CatalogEvents.Decode(stored.Type, stored.Data.Span)), stored.Revision);
            known = new(catalog, revision, begun, read);
        }
        catch (Exception away) when (away is StreamsUnavailableException or OperationCanceledException)
        {
            known = known with { Failure = away };
        }
    }

    private TimeSpan? Age(Known one) => one.ReadAt is { } at ? clock.GetElapsedTime(at) : null;

    private sealed record Known(CatalogState Catalog, long Revision, long? ReadAt, long Read, Exception? Failure = null);
}
