using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>
/// What decisions need to know of one user. Folding mutates it, deciding never does. Bounded: settled reservations are not in it.
/// </summary>
/// <remarks>
/// One per cached user, so small: what most users have none of is one shared empty list, or made when there is some.
/// </remarks>
public sealed class LedgerState
{
    private static readonly ReadOnlyDictionary<Guid, Hold> NoHolds = ReadOnlyDictionary<Guid, Hold>.Empty;

    private Dictionary<Guid, Hold>? holds;
    private SortedSet<(DateTimeOffset At, Guid Reservation)>? expiries;
    private Dictionary<Guid, LateRefund>? lateRefunds;

    /// <summary>The last event's time.</summary>
    public DateTimeOffset At { get; set; } = DateTimeOffset.MinValue;

    /// <summary>The last event's revision; −1 before the first.</summary>
    public long Revision { get; set; } = -1;

    public string? StripeCustomer { get; set; }
    public bool Suspended { get; set; }

    /// <summary>How many plans have been assigned so far.</summary>
    public int Assignments { get; set; }

    /// <summary>The plan in force; none before the first and after EndPlan.</summary>
    public PlanInForce? Plan { get; set; }

    /// <summary>The last plan in force, ended or not: a group that stays the same counts on.</summary>
    public PlanInForce? LastPlan { get; set; }

    /// <summary>A plan that waits for the next period.</summary>
    public PlanInForce? NextPlan { get; set; }

    /// <summary>Every plan that was ever in force, in the order of assignments: holds and late refunds refer to them.</summary>
    public Items<PlanInForce> Plans { get; set; } = [];

    /// <summary>The user's own quotas, in the order of their groups' labels.</summary>
    public Items<CustomLimit> CustomLimits { get; set; } = [];

    public Items<GroupUse> Groups { get; set; } = [];
    public Items<Grant> Grants { get; set; } = [];

    /// <summary>Open reservations: see <see cref="Open"/>, <see cref="Settle"/>.</summary>
    public IReadOnlyDictionary<Guid, Hold> Holds
    {
        get => holds is null ? NoHolds : holds;
        init
        {
            foreach (var hold in value.Values) Open(hold);
        }
    }

    /// <summary>Holds by the moment at which they expire, the first one first.</summary>
    [JsonIgnore]
    public IReadOnlyCollection<(DateTimeOffset At, Guid Reservation)> Expiries => expiries is null ? [] : expiries;

    /// <summary>The hold that expires first.</summary>
    [JsonIgnore]
    public (DateTimeOffset At, Guid Reservation)? NextExpiry => expiries?.Min;

    /// <summary>The running period; none without a plan.</summary>
    public PeriodUse? Current { get; set; }

    /// <summary>Periods that ended and are not closed yet, oldest first.</summary>
    public Items<PeriodUse> Ended { get; set; } = [];

    /// <summary>The number of the last period; 0 before the first.</summary>
    public int LastPeriod { get; set; }

    /// <summary>When the last period started; none before the first.</summary>
    public DateTimeOffset? LastStart { get; set; }

    /// <summary>Net totals refunded, per settled reservation that was refunded later.</summary>
    public IReadOnlyDictionary<Guid, LateRefund> LateRefunds
    {
        get => lateRefunds is null ? ReadOnlyDictionary<Guid, LateRefund>.Empty : lateRefunds;
        init => lateRefunds = value.Count == 0 ? null : value.ToDictionary();
    }

    /// <summary>Adjustments that found no open period: the next one that starts takes them.</summary>
    public Items<GroupSum> Owed { get; set; } = [];

    /// <summary>Overage of closed periods that was refunded since, per period, group and window.</summary>
    public Items<RefundedOverage> RefundedOverage { get; set; } = [];

    public RememberedIds Remembered { get; init; } = new();

    /// <summary>Facts that are due, folded already but not appended yet: they go first in the next append (rule 14).</summary>
    [JsonIgnore]
    public List<LedgerEvent> Unappended { get; private set; } = [];

    /// <summary>The last revision that is in the stream, or will be with the command just decided.</summary>
    public long AppendedRevision => Revision - Unappended.Count;

    /// <summary>The user's quota of a group: their own, or the plan's.</summary>
    public long Limit(LimitGroup group) => OwnLimit(group.Label) ?? group.Quota;

    /// <summary>The user's own quota of a group; none: the plan's counts.</summary>
    public long? OwnLimit(string group)
    {
        foreach (var own in CustomLimits)
            if (own.Group == group) return own.Quota;
        return null;
    }

    /// <summary>The quota in one of the group's windows: that of an ended period is what it was when it ended.</summary>
    public long Limit(LimitGroup group, int since, DateTimeOffset start)
    {
        if (group.Window == WindowLength.BillingPeriod)
            foreach (var ended in Ended)
                if (ended.Period.Start == start && ended.Sum(group.Label, since)?.LimitAtEnd is { } limit) return limit;
        return Limit(group);
    }

    /// <summary>A group as the last plan that had it in a period says, closed or not: by that it is charged.</summary>
    public LimitGroup? TermsIn(int period, string group, int since) => Plans
        .Where(plan => plan.From <= period && plan.Plan.Group(group) is not null && plan.SinceOf(group) == since)
        .MaxBy(plan => plan.Assignment)?.Plan.Group(group);

    /// <summary>The plan of an assignment; none if it never was in force.</summary>
    public PlanInForce? FindPlan(int assignment)
    {
        for (var i = Plans.Count - 1; i >= 0; i--)
            if (Plans[i].Assignment == assignment) return Plans[i];
        return null;
    }

    public PlanInForce PlanOf(int assignment) =>
        FindPlan(assignment) ?? throw new InvalidOperationException($"assignment {assignment} was never in force");

    public GroupUse? Use(string group, int since)
    {
        foreach (var use in Groups)
            if (use.Since == since && use.Group == group) return use;
        return null;
    }

    public PeriodUse? Period(int number)
    {
        if (Current?.Period.Number == number) return Current;
        foreach (var ended in Ended)
            if (ended.Period.Number == number) return ended;
        return null;
    }

    /// <summary>Every period that is not closed, oldest first.</summary>
    [JsonIgnore]
    public IEnumerable<PeriodUse> OpenPeriods => Current is null ? Ended : Ended.Append(Current);

    public Grant Grant(Guid id)
    {
        foreach (var grant in Grants)
            if (grant.Id == id) return grant;
        throw new InvalidOperationException($"no credit grant {id}");
    }

    public void Open(Hold hold)
    {
        (holds ??= []).Add(hold.Reservation, hold);
        (expiries ??= []).Add((hold.ExpiresAt, hold.Reservation));
    }

    public void Extend(Hold hold, DateTimeOffset deadline)
    {
        expiries!.Remove((hold.ExpiresAt, hold.Reservation));
        hold.Deadline = deadline;
        expiries.Add((hold.ExpiresAt, hold.Reservation));
    }

    /// <summary>The hold, which is no longer open.</summary>
    public Hold Settle(Guid reservation)
    {
        if (holds is null || !holds.Remove(reservation, out var hold))
            throw new InvalidOperationException($"no open reservation {reservation}");
        expiries!.Remove((hold.ExpiresAt, reservation));
        if (holds.Count == 0) (holds, expiries) = (null, null);
        return hold;
    }

    /// <summary>What was refunded late of a settled reservation: from now on there is such a thing.</summary>
    public LateRefund LateRefundOf(Guid reservation)
    {
        lateRefunds ??= [];
        if (!lateRefunds.TryGetValue(reservation, out var late)) lateRefunds.Add(reservation, late = new LateRefund());
        return late;
    }

    /// <summary>The facts that wait, which are the next append's from here on.</summary>
    public IReadOnlyList<LedgerEvent> TakeUnappended()
    {
        var events = Unappended;
        Unappended = [];
        return events;
    }
}

/// <summary>A plan and since when each of its groups counts: a plan change may carry a group on (rule 18).</summary>
/// <param name="Since">Parallel to the plan's groups: the assignment at which the group started empty.</param>
/// <param name="From">The first period that it was in force in.</param>
public sealed record PlanInForce(int Assignment, Plan Plan, DateTimeOffset Anchor, Items<int> Since, int From = 0)
{
    public int SinceOf(string label)
    {
        for (var i = 0; i < Plan.Groups.Count; i++)
            if (Plan.Groups[i].Label == label) return Since[i];
        throw new InvalidOperationException($"plan {Plan.Id} has no group {label}");
    }
}

/// <summary>A group's use, per window: the newest last; older ones while something can still change in them.</summary>
public sealed class GroupUse(string group, int since)
{
    public string Group { get; } = group;
    public int Since { get; } = since;
    public Items<WindowUse> Windows { get; set; } = [];

    public WindowUse? At(DateTimeOffset start)
    {
        for (var i = Windows.Count - 1; i >= 0; i--)
            if (Windows[i].Start == start) return Windows[i];
        return null;
    }
}

/// <summary>What was used and is held in one window, per bucket. The quota's size is the plan's or the user's own; rollover has one here.</summary>
public sealed class WindowUse(DateTimeOffset start, DateTimeOffset end)
{
    public DateTimeOffset Start { get; } = start;
    public DateTimeOffset End { get; } = end;
    public long RolloverSize { get; set; }
    public long RolloverUsed { get; set; }
    public long RolloverHeld { get; set; }
    public long QuotaUsed { get; set; }
    public long QuotaHeld { get; set; }
    public long OverageUsed { get; set; }
    public long OverageHeld { get; set; }

    /// <summary>The thresholds that were reached in it.</summary>
    public Items<int> Reached { get; set; } = [];

    /// <summary>Draws of open holds that count here, those that took only credits too: their excess may still take from this window.</summary>
    public int OpenDraws { get; set; }

    /// <summary>Taken of this window's own buckets (credits are elsewhere).</summary>
    public long Used => RolloverUsed + QuotaUsed + OverageUsed;
    public long Held => RolloverHeld + QuotaHeld + OverageHeld;

    public void Use(Bucket bucket, long amount)
    {
        if (bucket == Bucket.Rollover) RolloverUsed += amount;
        else if (bucket == Bucket.Quota) QuotaUsed += amount;
        else if (bucket == Bucket.Overage) OverageUsed += amount;
    }

    public void Hold(Bucket bucket, long amount)
    {
        if (bucket == Bucket.Rollover) RolloverHeld += amount;
        else if (bucket == Bucket.Quota) QuotaHeld += amount;
        else if (bucket == Bucket.Overage) OverageHeld += amount;
    }
}

/// <summary>A prepaid amount of a unit.</summary>
public sealed class Grant(Guid id, string unit, long amount, int priority, DateTimeOffset grantedAt, string source, long revision)
{
    public Guid Id { get; } = id;
    public string Unit { get; } = unit;
    public long Amount { get; } = amount;
    public int Priority { get; } = priority;
    public DateTimeOffset GrantedAt { get; } = grantedAt;
    public string Source { get; } = source;

    /// <summary>Where its CreditGranted is.</summary>
    public long Revision { get; } = revision;

    public DateTimeOffset? ExpiresAt { get; set; }
    public long Used { get; set; }
    public long Held { get; set; }
    public long Expired { get; set; }

    /// <summary>A revoked grant is never restored.</summary>
    public bool Revoked { get; set; }

    public long Free => Amount - Used - Held - Expired;
}

/// <summary>An open reservation: what decisions need of it until it is settled.</summary>
/// <param name="at">When it was reserved; a child's: when its run was. Its prices are of then, its longest life counts from then.</param>
public sealed class Hold(Guid reservation, DateTimeOffset at, TimeSpan grace, int assignment, int period)
{
    public Guid Reservation { get; } = reservation;
    public DateTimeOffset At { get; } = at;
    public TimeSpan Grace { get; } = grace;
    public int Assignment { get; } = assignment;
    public int Period { get; } = period;
    public DateTimeOffset Deadline { get; set; }
    public Items<UsedLine> Lines { get; set; } = [];

    /// <summary>What it holds. A run's children have theirs from it (rule 13), so this is the run's rest.</summary>
    public Items<Draw> Draws { get; set; } = [];

    /// <summary>The run that it was carved from, open or not.</summary>
    public Guid? Parent { get; init; }

    /// <summary>True once a child was carved from it: its lines may say more than it still holds.</summary>
    public bool IsRun { get; set; }

    /// <summary>Until then a commit counts; from then on others can take the amounts (rule 10).</summary>
    public DateTimeOffset ExpiresAt => Deadline + Grace;
}

/// <summary>A billing period that is not closed: what was used in it so far.</summary>
public sealed class PeriodUse(Period period, int assignment)
{
    /// <summary>As planned; as it really was once it ended.</summary>
    public Period Period { get; set; } = period;

    /// <summary>The last plan in force in it.</summary>
    public int Assignment { get; set; } = assignment;

    public int OpenHolds { get; set; }
    public Items<GroupSum> Groups { get; set; } = [];
    public Items<MeterSum> Meters { get; set; } = [];

    public GroupSum Sum(LimitGroup group, int since)
    {
        var sum = Sum(group.Label, since);
        if (sum is null) Groups = Groups.With(sum = new GroupSum(group, since));
        return sum;
    }

    public GroupSum? Sum(string group, int since)
    {
        foreach (var sum in Groups)
            if (sum.Since == since && sum.Group.Label == group) return sum;
        return null;
    }

    public MeterSum Sum(string meter)
    {
        foreach (var known in Meters)
            if (known.Meter == meter) return known;
        var sum = new MeterSum(meter);
        Meters = Meters.With(sum);
        return sum;
    }
}

/// <summary>A group's net use over one period, per bucket, and what refunds of closed periods took off (negative).</summary>
public sealed class GroupSum(LimitGroup group, int since)
{
    private Seldom? seldom;

    /// <summary>As the last plan in force has it: what is reported follows the plan.</summary>
    public LimitGroup Group { get; set; } = group;

    public int Since { get; } = since;
    public long Rollover { get; set; }
    public long Quota { get; set; }
    public long Credit { get; set; }
    public long Overage { get; set; }

    public long AdjustedUsage
    {
        get => seldom?.AdjustedUsage ?? 0;
        set { if (value != AdjustedUsage) MakeSeldom().AdjustedUsage = value; }
    }

    public long AdjustedOverage
    {
        get => seldom?.AdjustedOverage ?? 0;
        set { if (value != AdjustedOverage) MakeSeldom().AdjustedOverage = value; }
    }

    public long AdjustedCharge
    {
        get => seldom?.AdjustedCharge ?? 0;
        set { if (value != AdjustedCharge) MakeSeldom().AdjustedCharge = value; }
    }

    /// <summary>The group's quota when the period ended: what rolls over is judged by it.</summary>
    public long? LimitAtEnd
    {
        get => seldom?.LimitAtEnd;
        set { if (value != LimitAtEnd) MakeSeldom().LimitAtEnd = value; }
    }

    /// <summary>Net overage per window, where that is charged window by window.</summary>
    public IReadOnlyList<WindowOverage> Windows
    {
        get => seldom is null ? [] : seldom.Windows;
        init { if (value.Count > 0) MakeSeldom().Windows.AddRange(value); }
    }

    /// <summary>Changes the overage of a window, which is none at first.</summary>
    public void Change(DateTimeOffset start, Func<WindowOverage, WindowOverage> change)
    {
        var windows = MakeSeldom().Windows;
        var at = windows.FindLastIndex(one => one.Start == start);
        if (at < 0) windows.Add(change(new WindowOverage(start, 0)));
        else windows[at] = change(windows[at]);
    }

    public void Add(Bucket bucket, long amount)
    {
        switch (bucket)
        {
            case Bucket.Rollover: Rollover += amount; break;
            case Bucket.Quota: Quota += amount; break;
            case Bucket.Credit: Credit += amount; break;
            case Bucket.Overage: Overage += amount; break;
        }
    }

    public void Adjust(Bucket bucket, long amount)
    {
        AdjustedUsage += amount;
        if (bucket == Bucket.Overage) AdjustedOverage += amount;
    }

    private Seldom MakeSeldom() => seldom ??= new();

    /// <summary>What the sums of most users' running periods have none of.</summary>
    private sealed class Seldom
    {
        public long AdjustedUsage, AdjustedOverage, AdjustedCharge;
        public long? LimitAtEnd;
        public readonly List<WindowOverage> Windows = [];
    }
}

/// <summary>Overage of one window of a closed period that was refunded since.</summary>
public sealed record RefundedOverage(int Period, string Group, int Since, DateTimeOffset Start, long Overage);

/// <summary>A meter's net charged quantity over one period, and what was used but charged to nobody.</summary>
public sealed class MeterSum(string meter)
{
    public string Meter { get; } = meter;
    public long Quantity { get; set; }
    public long Overrun { get; set; }
}

/// <summary>What was refunded of a settled reservation after its commit, per line and per part of its draws.</summary>
public sealed class LateRefund
{
    public List<RefundLine> Lines { get; init; } = [];
    public List<RefundedPart> Parts { get; init; } = [];

    public long Of(string meter, Attributes attributes) =>
        Lines.Where(line => line.Meter == meter && line.Attributes.Equals(attributes)).Sum(line => line.Quantity);

    public long Of(Draw draw, Part part) => Parts.Where(one => one.Is(draw, part)).Sum(one => one.Amount);
}

/// <summary>An amount given back to one bucket of one window.</summary>
public sealed record RefundedPart(string Group, int Since, DateTimeOffset Start, Bucket Bucket, Guid? Grant, long Amount)
{
    public bool Is(Draw draw, Part part) =>
        Group == draw.Group && Since == draw.Since && Start == draw.Start && Bucket == part.Bucket && Grant == part.Grant;
}
