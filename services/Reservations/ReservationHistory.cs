using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Reservations;

/// <summary>
/// Finds in a user's stream what became of a reservation that state no longer holds. A reservation's id tells when it was made, and the events' times
/// and periods never go back, so the places are found by halving.
/// </summary>
internal sealed class ReservationHistory(IEventStreams streams)
{
    public async Task<Past> Find(string stream, Guid reservation, CancellationToken cancellation)
    {
        var story = new ReservationStory(reservation);
        await foreach (var stored in streams.ReadFromFirst(stream, stored => Decode(stored).At >= story.Since, cancellation))
            if (!story.TryAdd(stored.Revision, Decode(stored))) break;
        return (story.Past.Committed?.Period ?? story.Past.Tracked?.Period) is { } period
            ? story.Past with { Closed = await FindClosed(stream, period, cancellation) }
            : story.Past;
    }

    /// <summary>How a period was closed; none: it is not, or not yet.</summary>
    private async Task<PeriodClosed?> FindClosed(string stream, int period, CancellationToken cancellation)
    {
        if (!await IsOver(stream, period, cancellation)) return null;
        var onwards = streams.ReadFromFirst(stream, stored => ReservationStory.IsAfter(period, Decode(stored)), cancellation);
        await foreach (var stored in onwards)
            if (Decode(stored) is PeriodClosed closed && closed.Period.Number == period) return closed;
        return null;
    }

    // most refunds are of the running period: the end of the stream says so at once
    private async Task<bool> IsOver(string stream, int period, CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(stream, Direction.Backwards, Revisions.End, cancellation: cancellation))
            if (ReservationStory.IsAfter(period, Decode(stored)) is { } isAfter) return isAfter;
        return false;
    }

    private static LedgerEvent Decode(StoredEvent stored) => LedgerEvents.Decode(stored.Type, stored.Data.Span);
}
