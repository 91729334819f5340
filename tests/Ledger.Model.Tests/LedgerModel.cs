using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>
/// The ledger once more, written to be read: a list of facts and a journal of amounts that only grow, and every answer summed from them. It
/// forgets nothing, bounds nothing, and shares no decision and no fold with the ledger (only the plain records, the calendar and the rating).
/// </summary>
internal sealed partial class LedgerModel(Zones zones)
{
    private readonly List<LedgerEvent> facts = [];
    private readonly List<Entry> journal = [];
    private readonly List<Booking> bookings = [];
    private readonly List<Bought> grants = [];
    private readonly List<Term> terms = [];
    private readonly List<Stretch> stretches = [];
    private readonly List<Adjustment> adjustments = [];
    private readonly List<(string Group, int Since, DateTimeOffset Start, long Amount)> rollovers = [];
    private readonly Dictionary<string, long> ownLimits = [];
    private readonly HashSet<(string Group, int Since, DateTimeOffset Start, int Percent)> reached = [];
    private readonly Dictionary<Guid, (ContentHash Content, long Revision)> commands = [];
    private readonly List<Entry> draft = [];
    private DateTimeOffset at;
    private DateTimeOffset lastCommandAt = DateTimeOffset.MinValue;
    private Term? waiting;
    private bool hasPlan, isSuspended;
    private string? customer;
    private int appended;

    public IReadOnlyList<LedgerEvent> Facts => facts;

    /// <summary>Open reservations and those that were: what commands can name.</summary>
    public IReadOnlyList<Booking> Bookings => bookings;

    public IReadOnlyList<Bought> Grants => grants;

    private Term? Term => hasPlan ? terms[^1] : null;
    private Stretch? Current => stretches.Count > 0 && !stretches[^1].HasEnded ? stretches[^1] : null;

    /// <summary>Decides a command at max(now, the last fact's time), after all that is due by then (rule 14).</summary>
    public Answer Do(Command command, DateTimeOffset now)
    {
        at = facts.Count > 0 && facts[^1].At > now ? facts[^1].At : now;
        Advance();
        draft.Clear();
        var before = facts.Count;
        var answer = command switch
        {
            Check check => Check(check),
            GetUsage => Usage(),
            ClosePeriod close => Close(close),
            _ => Repeated(command) ?? New(command),
        };
        if (facts.Count == before) return answer;
        foreach (var fact in facts.Skip(before).ToArray()) ReachThresholds(fact);
        Advance();
        appended = facts.Count;
        return answer;
    }

    private Answer New(Command command) => command switch
    {
        Reserve one => Reserve(one),
        Extend one => Extend(one),
        Commit one => Commit(one),
        Release one => Release(one),
        Refund one => Refund(one),
        Track one => one.Enforced ? TrackEnforced(one) : TrackPostPaid(one),
        AssignPlan one => Assign(one),
        EndPlan one => End(one),
        CustomizeLimits one => Customize(one),
        GrantCredit one => Grant(one),
        RevokeCredit one => Revoke(one),
        Suspend one => isSuspended ? No(RefusalKind.Conflict, "user") : Yes(new Suspended(at, By(one), one.Reason)),
        Resume one => isSuspended ? Yes(new Resumed(at, By(one))) : No(RefusalKind.Conflict, "user"),
        _ => throw new ArgumentException(command.ToString()),
    };

    /// <summary>At most once for ever (rule 15): every command that was done is known here; the ledger must seem to.</summary>
    private Answer? Repeated(Command command)
    {
        var horizon = (lastCommandAt == DateTimeOffset.MinValue ? lastCommandAt : lastCommandAt.AddMinutes(-10)).ToUnixTimeMilliseconds();
        if (commands.TryGetValue(command.Id, out var known) && TimeOf(command.Id) >= horizon)
            return known.Content == command.Content ? new DoneBefore(command.Id, known.Revision) : No(RefusalKind.OtherContent, "command_id");
        if (TimeOf(command.Id) > at.AddSeconds(60).ToUnixTimeMilliseconds()) return No(RefusalKind.Invalid, "command_id");
        var forgotten = commands.Keys.Select(TimeOf).Where(time => time < horizon).DefaultIfEmpty(long.MinValue).Max();
        return TimeOf(command.Id) <= Math.Max(forgotten, at.AddMinutes(-10).ToUnixTimeMilliseconds())
            ? No(RefusalKind.TooOld, "command_id")
            : null;
    }

    private static long TimeOf(Guid id) => Convert.ToInt64(id.ToString("N")[..12], 16);

    private static Refused No(RefusalKind kind, string field) => new(kind, field, "");

    private static Cause By(Command command) => new(command.Id, command.Content);

    private Done Yes(params LedgerEvent[] happened)
    {
        foreach (var one in happened) Happen(one);
        return new Done(happened.ToItems());
    }

    // ---- what is due by time alone: at one moment holds expire first, then credits, then the period ends, then periods close

    private void Advance()
    {
        while (Due() is { } due && due.At <= at && due.At < DateTimeOffset.MaxValue)
        {
            // more than one append should carry goes first
            if (facts.Count - appended >= Decisions.DueMost) appended = facts.Count;
            due.Happens();
        }
    }

    /// <summary>The next moment at which something is due by itself.</summary>
    public DateTimeOffset? NextDue => Due()?.At;

    private (DateTimeOffset At, Action Happens)? Due()
    {
        var due = new List<(DateTimeOffset At, Action Happens)>();
        if (bookings.Where(one => one.Is == State.Open).MinBy(one => (one.ExpiresAt, one.Id)) is { } hold)
            due.Add((hold.ExpiresAt, () => Happen(GiveBack(hold, ReleaseReason.Expired, null))));
        if (grants.Where(one => one.ExpiresAt is not null && Free(one) > 0).MinBy(one => one.ExpiresAt) is { } grant)
            due.Add((grant.ExpiresAt!.Value, () => Happen(new CreditExpired(at, grant.Grant.Grant, Free(grant)))));
        if (Current is { } current) due.Add((current.End, () => EndAtBoundary(current)));
        if (ClosesNext() is { } closing) due.Add((closing.End + closing.Term.Plan.LateGrace, () => Close(closing)));
        return due.Count == 0 ? null : due.MinBy(one => one.At);
    }

    // ---- sums over the journal

    private long Sum(Func<Entry, bool> which)
    {
        long sum = 0;
        foreach (var entry in journal)
            if (which(entry)) sum += entry.Amount;
        foreach (var entry in draft)
            if (which(entry)) sum += entry.Amount;
        return sum;
    }

    private long Used(Spot spot, Bucket bucket) => Sum(one => !one.IsHeld && one.MakesRoom && one.Bucket == bucket && one.In(spot));

    private long Held(Spot spot, Bucket bucket) => Sum(one => one.IsHeld && one.Bucket == bucket && one.In(spot));

    private long UsedOfOwn(Spot spot) => Used(spot, Bucket.Rollover) + Used(spot, Bucket.Quota) + Used(spot, Bucket.Overage);

    private long HeldOfOwn(Spot spot) => Held(spot, Bucket.Rollover) + Held(spot, Bucket.Quota) + Held(spot, Bucket.Overage);

    private long Size(Spot spot, Bucket bucket) => bucket switch
    {
        Bucket.Rollover => RolledInto(spot),
        Bucket.Quota => LimitIn(spot),
        _ => spot.Terms.Overage?.Cap ?? 0,
    };

    private long RolledInto(Spot spot) =>
        rollovers.Where(one => one.Group == spot.Group && one.Since == spot.Since && one.Start == spot.Window.Start).Sum(one => one.Amount);

    private long LimitOf(LimitGroup terms) => ownLimits.TryGetValue(terms.Label, out var own) ? own : terms.Quota;

    /// <summary>A period that ended has the limits that it ended with.</summary>
    private long LimitIn(Spot spot) => spot.Terms.Window == WindowLength.BillingPeriod
        && stretches.Find(one => one.Start == spot.Window.Start) is { HasEnded: true, IsClosed: false } ended
        && ended.LimitsAtEnd.TryGetValue((spot.Group, spot.Since), out var limit) ? limit : LimitOf(spot.Terms);

    /// <summary>Free = size − used − held: below zero where the limit was lowered (rule 4).</summary>
    private long Free(Spot spot, Bucket bucket) => Size(spot, bucket) - Used(spot, bucket) - Held(spot, bucket);

    private long Free(Bought grant) => grant.Grant.Amount - UsedOf(grant) - HeldOf(grant) - ExpiredOf(grant);

    private long UsedOf(Bought grant) => Sum(one => !one.IsHeld && one.Grant == grant.Grant.Grant);

    private long HeldOf(Bought grant) => Sum(one => one.IsHeld && one.Grant == grant.Grant.Grant);

    private static long ExpiredOf(Bought grant) => grant.Expired.Sum();

    /// <summary>Credits of a unit that can be drawn now: by priority, then soonest expiry, then oldest (rule 3).</summary>
    private IEnumerable<Bought> Drawable(string unit) => grants
        .Where(one => one.Grant.Unit == unit && (one.ExpiresAt is not { } expiry || expiry > at) && Free(one) > 0)
        .OrderBy(one => one.Grant.Priority)
        .ThenBy(one => one.ExpiresAt ?? DateTimeOffset.MaxValue)
        .ThenBy(one => one.Grant.At)
        .ThenBy(one => one.Grant.Grant);

    /// <summary>What can be taken: what is free in each bucket, where there is any.</summary>
    private long Available(Spot spot)
    {
        var own = spot.Terms.Kind == GroupKind.Cap ? new[] { Bucket.Quota } : [Bucket.Rollover, Bucket.Quota, Bucket.Overage];
        var credits = spot.Terms.Kind == GroupKind.Cap ? 0 : Drawable(spot.Terms.Unit).Sum(Free);
        var sum = own.Aggregate((Int128)credits, (all, bucket) => all + Math.Max(0, Free(spot, bucket)));
        return (long)Int128.Min(long.MaxValue, sum);
    }
}
