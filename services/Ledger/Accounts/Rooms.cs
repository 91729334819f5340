using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>The time zone of an IANA id: passed in, so that deciding reads no file (rule 14).</summary>
public delegate TimeZoneInfo Zones(string ianaId);

/// <summary>What is being decided on: state, the moment, and where zones come from.</summary>
/// <param name="CountsIn">The period that usage without a hold counts in; the running one by default.</param>
/// <param name="OccurredAt">The moment whose windows it counts in; now by default.</param>
internal readonly record struct Context(LedgerState State, DateTimeOffset At, Zones Zones, Period? CountsIn = null, DateTimeOffset? OccurredAt = null)
{
    /// <summary>The window in which a group of the plan in force counts now.</summary>
    public Window WindowOf(PlanInForce plan, LimitGroup group, Period period)
    {
        var at = OccurredAt ?? At;
        if (group.Window == WindowLength.BillingPeriod) return new(period.Start, period.End);
        var known = State.Use(group.Label, plan.SinceOf(group.Label))?.Windows;
        if (known is { Count: > 0 } && at >= known[^1].Start && at < known[^1].End) return new(known[^1].Start, known[^1].End);
        return Calendar.WindowAt(group.Window, group.Anchor, plan.Anchor, Zones(plan.Plan.Zone), at);
    }

    /// <summary>A group's room for a command: now, or for a hold in the hold's own windows.</summary>
    public Room RoomOf(PlanInForce plan, Hold? hold, LimitGroup group, GrantRoom grants)
    {
        var window = hold is null ? WindowOf(plan, group, CountsIn ?? State.Current!.Period) : WindowOf(plan, group, hold);
        var terms = (hold?.Period ?? CountsIn?.Number) is { } period ? TermsOf(plan, group, period, window) : group;
        return new Room(this, terms, plan.SinceOf(group.Label), window, grants);
    }

    /// <summary>The hold's own window of a group; for one it does not hold, its run's; else the current one, or its period's.</summary>
    private Window WindowOf(PlanInForce plan, LimitGroup group, Hold hold)
    {
        foreach (var draw in hold.Draws)
            if (draw.Group == group.Label) return new(draw.Start, draw.End);
        foreach (var draw in Runs.Of(State, hold)?.Draws ?? [])
            if (draw.Group == group.Label) return new(draw.Start, draw.End);
        return WindowOf(plan, group, State.Period(hold.Period)!.Period);
    }

    /// <summary>
    /// A hold keeps its groups, but the limits of a group that counts on under another plan are that plan's: its excess must not pass them. That is
    /// the last plan of the period for what counts in that period, the plan in force for what counts now.
    /// </summary>
    public LimitGroup TermsOf(PlanInForce plan, LimitGroup group, int period, Window window)
    {
        var counts = group.Window != WindowLength.BillingPeriod && window.Contains(At)
            ? State.Plan
            : State.Period(period) is { } open ? State.PlanOf(open.Assignment) : null;
        return counts?.Plan.Group(group.Label) is { } terms && counts.SinceOf(group.Label) == plan.SinceOf(group.Label) ? terms : group;
    }
}

/// <summary>
/// What is free in one group's window while a command is being decided: a scratch, so that several lines and groups of one command see
/// each other's draws. Per bucket free = size − used − held; a lowered limit may make it negative (rule 4).
/// </summary>
internal sealed class Room
{
    private readonly GrantRoom grants;
    private long rollover, quota, overage;

    public Room(Context context, LimitGroup group, int since, Window window, GrantRoom grants)
    {
        (Group, Since, Window, this.grants) = (group, since, window, grants);
        Use = context.State.Use(group.Label, since)?.At(window.Start);
        Limit = context.State.Limit(group, since, window.Start);
        quota = Limit - (Use?.QuotaUsed ?? 0) - (Use?.QuotaHeld ?? 0);
        rollover = (Use?.RolloverSize ?? 0) - (Use?.RolloverUsed ?? 0) - (Use?.RolloverHeld ?? 0);
        overage = (group.Overage?.Cap ?? 0) - (Use?.OverageUsed ?? 0) - (Use?.OverageHeld ?? 0);
    }

    public LimitGroup Group { get; }
    public int Since { get; }
    public Window Window { get; }
    public WindowUse? Use { get; }
    public long Limit { get; }

    /// <summary>What can still be taken: the sum of what is free in each bucket.</summary>
    public long Available => Group.Kind == GroupKind.Cap
        ? Math.Max(0, quota)
        : Capped.Sum(Capped.Sum(Math.Max(0, rollover), Math.Max(0, quota)), Capped.Sum(grants.Free(Group.Unit), Math.Max(0, overage)));

    /// <summary>What a commit's excess can take: a group may allow some beyond its limit (rule 8).</summary>
    public long AvailableToCommit => Capped.Sum(Available, Math.Max(0, Group.CommitAllowance - Beyond));

    private long Beyond => Group.Overage is null ? Math.Max(0, -quota) : Math.Max(0, -overage);

    /// <summary>Takes <paramref name="amount"/> in the order rollover, quota, credits, overage (rule 3); what no bucket has is taken all the same.</summary>
    public void Take(long amount, List<Part> parts)
    {
        if (Group.Kind == GroupKind.Cap)
        {
            Take(Bucket.Quota, ref quota, amount, parts);
            return;
        }
        amount -= Take(Bucket.Rollover, ref rollover, Math.Min(amount, Math.Max(0, rollover)), parts);
        amount -= Take(Bucket.Quota, ref quota, Math.Min(amount, Math.Max(0, quota)), parts);
        amount -= grants.Take(Group.Unit, amount, parts);
        if (Group.Overage is null) Take(Bucket.Quota, ref quota, amount, parts);
        else Take(Bucket.Overage, ref overage, amount, parts);
    }

    /// <summary>What has no limit must still fit in 64 bits, with what was used before, and so must what its overage costs.</summary>
    /// <exception cref="OverflowException">It does not.</exception>
    public void MustFit(List<Part> parts)
    {
        var (sum, over) = (Use?.Used ?? 0, Capped.Sum(Use?.OverageUsed ?? 0, Use?.OverageHeld ?? 0));
        foreach (var part in parts)
        {
            sum = checked(sum + part.Amount);
            if (part.Bucket == Bucket.Overage) over = Capped.Sum(over, part.Amount);
        }
        if (over > 0) Totals.Charge(Group, over);
    }

    /// <summary>Puts a part back, so that <see cref="Available"/> says what is left after a refund.</summary>
    public void Return(Part part)
    {
        if (part.Bucket == Bucket.Rollover) rollover += part.Amount;
        else if (part.Bucket == Bucket.Quota) quota += part.Amount;
        else if (part.Bucket == Bucket.Overage) overage += part.Amount;
        else grants.Return(part.Grant!.Value, part.Amount);
    }

    public Draw Draw(Items<Part> parts) => new(Group.Label, Since, Window.Start, Window.End, parts, Available);

    private static long Take(Bucket bucket, ref long free, long amount, List<Part> parts)
    {
        if (amount <= 0) return 0;
        free -= amount;
        Parts.Add(parts, new Part(bucket, amount));
        return amount;
    }
}

/// <summary>Sums of amounts ≥ 0 that stop at the most there can be: more room than that is no different.</summary>
internal static class Capped
{
    public static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}

/// <summary>What is free of the user's credit grants, in the order in which they are drawn: priority, then soonest expiry, then oldest.</summary>
internal sealed class GrantRoom
{
    private readonly List<(Grant Grant, long Free)> grants = [];
    private readonly Context context;
    private readonly bool restored;
    private bool ordered;

    /// <param name="restored">Those that expired too, nothing is free of them: for what comes back to one that is restored.</param>
    public GrantRoom(Context context, bool restored = false)
    {
        (this.context, this.restored) = (context, restored);
        foreach (var grant in context.State.Grants)
            if (grant.Free > 0 && IsInForce(grant)) grants.Add((grant, grant.Free));
    }

    // mostly there is room elsewhere and none is drawn
    private void PutInOrder()
    {
        if (!ordered && grants.Count > 1) grants.Sort((a, b) => Order(a.Grant).CompareTo(Order(b.Grant)));
        ordered = true;
    }

    private bool IsInForce(Grant grant) =>
        (restored && !grant.Revoked) || grant.ExpiresAt is not { } expiry || expiry > context.At;

    public long Free(string unit)
    {
        long free = 0;
        foreach (var one in grants)
            if (one.Grant.Unit == unit) free = Capped.Sum(free, Math.Max(0, one.Free));
        return free;
    }

    public long Take(string unit, long amount, List<Part> parts)
    {
        if (amount <= 0) return 0;
        PutInOrder();
        var taken = 0L;
        for (var i = 0; i < grants.Count && taken < amount; i++)
        {
            var (grant, free) = grants[i];
            var some = Math.Min(free, amount - taken);
            if (grant.Unit != unit || some <= 0) continue;
            grants[i] = (grant, free - some);
            Parts.Add(parts, new Part(Bucket.Credit, some, grant.Id));
            taken += some;
        }
        return taken;
    }

    public void Return(Guid id, long amount)
    {
        PutInOrder();
        var at = grants.FindIndex(one => one.Grant.Id == id);
        if (at >= 0) grants[at] = grants[at] with { Free = grants[at].Free + amount };
        else if (context.State.Grant(id) is var usedUp && IsInForce(usedUp)) grants.Add((usedUp, usedUp.Free + amount));
    }

    public static (int, DateTimeOffset, DateTimeOffset, Guid) Order(Grant grant) =>
        (grant.Priority, grant.ExpiresAt ?? DateTimeOffset.MaxValue, grant.GrantedAt, grant.Id);
}

/// <summary>Lists of parts, in the order in which they were drawn.</summary>
internal static class Parts
{
    /// <summary>Adds a part, to the one of the same bucket if there is one.</summary>
    public static void Add(List<Part> parts, Part part)
    {
        var at = parts.FindIndex(one => one.Bucket == part.Bucket && one.Grant == part.Grant);
        if (at < 0) parts.Add(part);
        else parts[at] = part with { Amount = parts[at].Amount + part.Amount };
    }

    /// <summary>Takes the first <paramref name="amount"/> out of what was drawn, which has as much.</summary>
    public static List<Part> TakeFirst(List<Part> drawn, long amount)
    {
        var first = new List<Part>();
        for (var i = 0; i < drawn.Count && amount > 0; i++)
        {
            var some = Math.Min(amount, drawn[i].Amount);
            if (some > 0) Add(first, drawn[i] with { Amount = some });
            drawn[i] = drawn[i] with { Amount = drawn[i].Amount - some };
            amount -= some;
        }
        return first;
    }

    public static long Sum(List<Part> parts)
    {
        long sum = 0;
        foreach (var part in parts) sum += part.Amount;
        return sum;
    }

    /// <summary>
    /// The last <paramref name="amount"/> of what was drawn: how refunds go back (rule 7). Overage first, also where an extension drew from a
    /// bucket that had room again; then in reverse order of the draw.
    /// </summary>
    public static List<Part> Last(IReadOnlyList<Part> drawn, long amount)
    {
        var last = new List<Part>();
        Last(last, drawn, overage: true, ref amount);
        Last(last, drawn, overage: false, ref amount);
        return last;
    }

    private static void Last(List<Part> last, IReadOnlyList<Part> drawn, bool overage, ref long amount)
    {
        for (var i = drawn.Count - 1; i >= 0 && amount > 0; i--)
        {
            var some = Math.Min(amount, drawn[i].Amount);
            if (some <= 0 || (drawn[i].Bucket == Bucket.Overage) != overage) continue;
            Add(last, drawn[i] with { Amount = some });
            amount -= some;
        }
    }
}
