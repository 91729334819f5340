using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Reservations;

/// <summary>
/// Finds in a user's stream what became of a reservation that state no longer holds. A reservation's id tells when it was made, and the events' times
/// never go back, so the place is found by halving: some twenty reads in a million events.
/// </summary>
internal sealed class ReservationHistory(IEventStreams streams)
{
    /// <summary>An id may be dated so far ahead of the ledger's time.</summary>
    private static readonly TimeSpan Ahead = RememberedIds.Ahead + Slack;

    /// <summary>An older id is not executed any more.</summary>
    private static readonly TimeSpan Behind = RememberedIds.Horizon + Slack;

    /// <summary>A reservation is settled by then, or expired at the first event after it.</summary>
    private static readonly TimeSpan SettledWithin = Requests.Limits.TimeToLiveMost + Requests.Limits.GraceMost + Slack;

    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    public async Task<Past> Find(string stream, Guid reservation, CancellationToken cancellation)
    {
        var made = DateTimeOffset.FromUnixTimeMilliseconds(RememberedIds.TimeOf(reservation));
        var past = new Past(reservation, null, null, null, null);
        var from = await FirstSince(stream, made - Ahead, cancellation);
        await foreach (var stored in streams.Read(stream, Direction.Forwards, from, cancellation: cancellation))
        {
            var happened = Decode(stored);
            if (IsOver(past, happened, made)) break;
            past = With(past, happened);
        }
        return past;
    }

    /// <summary>The revision of the first event at <paramref name="since"/> or later.</summary>
    private async Task<long> FirstSince(string stream, DateTimeOffset since, CancellationToken cancellation)
    {
        var (from, upto) = (0L, await Count(stream, cancellation));
        while (from < upto)
        {
            var half = from + (upto - from) / 2;
            if (await At(stream, half, cancellation) < since) from = half + 1;
            else upto = half;
        }
        return from;
    }

    private async Task<long> Count(string stream, CancellationToken cancellation)
    {
        await foreach (var last in streams.Read(stream, Direction.Backwards, Revisions.End, 1, cancellation)) return last.Revision + 1;
        return 0;
    }

    private async Task<DateTimeOffset> At(string stream, long revision, CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(stream, Direction.Forwards, revision, 1, cancellation)) return Decode(stored).At;
        throw new InvalidOperationException($"{stream} has no revision {revision} any more");
    }

    // Facts that were due come first in the first append after they were, so an expiry is there before any event with a cause of its own.
    private static bool IsOver(Past past, LedgerEvent happened, DateTimeOffset made) => past switch
    {
        { Unused: not null } or { Released: not null } or { Tracked: not null } => true,
        { Committed: { } committed } => happened is not Refunded || happened.Cause != committed.Cause,
        { Reserved: { } reserved } => happened.Cause is not null && happened.At > reserved.At + SettledWithin,
        _ => happened.At > made + Behind,
    };

    private static Past With(Past past, LedgerEvent happened) => happened switch
    {
        Reserved reserved when reserved.Reservation == past.Reservation => past with { Reserved = reserved },
        Committed committed when committed.Reservation == past.Reservation => past with { Committed = committed },
        Refunded { Reason: Refunded.Unused } unused when unused.Reservation == past.Reservation => past with { Unused = unused },
        Released released when released.Reservation == past.Reservation => past with { Released = released },
        UsageTracked tracked when tracked.Cause?.Command == past.Reservation => past with { Tracked = tracked },
        _ => past,
    };

    private static LedgerEvent Decode(StoredEvent stored) => LedgerEvents.Decode(stored.Type, stored.Data.Span);
}
