namespace Metering.Ledger.Accounts;

/// <summary>
/// What a user's stream says of one reservation, or of usage tracked by that id: where to look for it, and its events up to its settling. Pure: the
/// events are passed in, in order, from the first one at <see cref="Since"/> or later.
/// </summary>
public sealed class ReservationStory(Guid reservation)
{
    /// <summary>A hold's grace is never longer.</summary>
    public static readonly TimeSpan LongestGrace = TimeSpan.FromHours(1);

    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    /// <summary>An id may be dated so far ahead of the ledger's time.</summary>
    private static readonly TimeSpan Ahead = RememberedIds.Ahead + Slack;

    /// <summary>An older id is not executed any more.</summary>
    private static readonly TimeSpan Behind = RememberedIds.Horizon + Slack;

    /// <summary>A reservation is settled by then, or expired at the first event after it.</summary>
    private static readonly TimeSpan SettledWithin = Reserving.LongestHold + LongestGrace + Slack;

    private readonly DateTimeOffset made = DateTimeOffset.FromUnixTimeMilliseconds(RememberedIds.TimeOf(reservation));

    /// <summary>No event of it is older: its id tells when it was made.</summary>
    public DateTimeOffset Since => made - Ahead;

    /// <summary>Its events so far, with their revisions.</summary>
    public List<(long Revision, LedgerEvent Happened)> Events { get; } = [];

    public Past Past { get; private set; } = new(reservation, null, null, null, null);

    /// <summary>Takes in the next event of the stream, whatever it is about. False: the story was over before it, but for later refunds.</summary>
    public bool TryAdd(long revision, LedgerEvent happened)
    {
        if (IsOver(happened)) return false;
        if (IsAbout(happened)) Events.Add((revision, happened));
        Past = After(happened);
        return true;
    }

    /// <summary>
    /// Whether an event is after the end of a user's period, or is it; none: it cannot tell. Late use and what is carved from a run may count in a
    /// period before the running one.
    /// </summary>
    public static bool? IsAfter(int period, LedgerEvent happened) => happened switch
    {
        PeriodEnded ended => ended.Period.Number >= period,
        PeriodClosed closed when closed.Period.Number >= period => true,
        PlanAssigned { Starts: { } starts } => starts.Number > period,
        Reserved { Parent: null } reserved => reserved.Period > period,
        UsageTracked { OccurredAt: null, Period: { } number } => number > period,
        _ => null,
    };

    // Facts that were due come first in the first append after they were, so an expiry is there before any event with a cause of its own.
    private bool IsOver(LedgerEvent happened) => Past switch
    {
        { Unused: not null } or { Released: not null } or { Tracked: not null } => true,
        { Committed: { } committed } => happened is not Refunded || happened.Cause != committed.Cause,
        { Reserved: { } reserved } => happened.Cause is not null && happened.At > reserved.At + SettledWithin,
        _ => happened.At > made + Behind,
    };

    private bool IsAbout(LedgerEvent happened) => happened switch
    {
        Reserved e => e.Reservation == reservation,
        HoldExtended e => e.Reservation == reservation,
        Committed e => e.Reservation == reservation,
        Refunded e => e.Reservation == reservation,
        Released e => e.Reservation == reservation,
        UsageTracked e => e.Cause?.Command == reservation,
        _ => false,
    };

    private Past After(LedgerEvent happened) => happened switch
    {
        _ when !IsAbout(happened) => Past,
        Reserved reserved => Past with { Reserved = reserved },
        Committed committed => Past with { Committed = committed },
        Refunded { Reason: Refunded.Unused } unused => Past with { Unused = unused },
        Released released => Past with { Released = released },
        UsageTracked tracked => Past with { Tracked = tracked },
        _ => Past,
    };
}
