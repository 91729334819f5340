using System.Diagnostics;
using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>State from events. No rules here: what an event says, happened; an event that cannot have happened throws.</summary>
public static class Fold
{
    public static void Apply(LedgerState state, LedgerEvent happened)
    {
        state.Revision++;
        state.At = happened.At;
        if (happened.Cause is { } cause) state.Remembered.Add(cause.Command, cause.Content, state.Revision, happened.At);
        switch (happened)
        {
            case Reserved e: On(state, e); break;
            case Committed e: On(state, e); break;
            case Refunded e: On(state, e); break;
            case Released e: On(state, e); break;
            case HoldExtended e: On(state, e); break;
            case UsageTracked e: On(state, e); break;
            case PlanAssigned e: On(state, e); break;
            case PlanEnded: On(state); break;
            case LimitsCustomized e: On(state, e); break;
            case CreditGranted e: On(state, e); break;
            case CreditExpired e: state.Grant(e.Grant).Expired += e.Amount; break;
            case CreditRevoked e: On(state, e); break;
            case Suspended: state.Suspended = true; break;
            case Resumed: state.Suspended = false; break;
            case ThresholdReached e: On(state, e); break;
            case PeriodEnded e: On(state, e); break;
            case PeriodClosed e: On(state, e); break;
            default: throw new UnreachableException($"a ledger cannot hold {happened.GetType().Name}");
        }
    }

    private static void On(LedgerState state, ThresholdReached e)
    {
        var window = state.Use(e.Group, e.Since)!.At(e.Start)!;
        window.Reached = window.Reached.With(e.Percent);
    }

    private static void On(LedgerState state, Reserved e)
    {
        var run = e.Parent is { } parent ? state.Holds[parent] : null;
        var hold = new Hold(e.Reservation, run?.At ?? e.At, e.Grace, e.Assignment, e.Period)
        {
            Deadline = e.Deadline, Lines = e.Lines, Draws = e.Draws, Parent = e.Parent,
        };
        state.Open(hold);
        OpenPeriod(state, e.Period).OpenHolds++;
        if (run is not null) Carve(state, run, e.Draws);
        Take(state, e.Draws);
    }

    private static void On(LedgerState state, HoldExtended e)
    {
        var hold = state.Holds[e.Reservation];
        state.Extend(hold, e.Deadline);
        hold.Lines = Items.ToItems(hold.Lines.Concat(e.Lines));
        hold.Draws = Items.ToItems(hold.Draws.Concat(e.Draws));
        if (Runs.Of(state, hold) is { } run) Carve(state, run, e.Draws);
        Take(state, e.Draws);
    }

    private static void On(LedgerState state, Committed e)
    {
        var hold = Settle(state, e.Reservation);
        var period = OpenPeriod(state, e.Period);
        if (e.FromParent is { } fromRun) Carve(state, state.Holds[hold.Parent!.Value], fromRun);
        Charge(state, period, state.PlanOf(hold.Assignment).Plan, e.Draws);
        Count(period, e.Lines);
        Tidy(state, hold.Draws);
    }

    private static void On(LedgerState state, Released e)
    {
        var hold = Settle(state, e.Reservation);
        if (e.ToParent is { } parent) Return(state, state.Holds[parent], e.Draws);
        Tidy(state, hold.Draws);
    }

    private static void On(LedgerState state, UsageTracked e)
    {
        if (e.Period is not { } number) return;
        var period = OpenPeriod(state, number);
        Charge(state, period, state.PlanOf(e.Assignment).Plan, e.Draws);
        Count(period, e.Lines);
    }

    private static void On(LedgerState state, Refunded e)
    {
        foreach (var draw in e.Draws)
            foreach (var part in draw.Parts) GiveBack(state, e, draw, part);
        if (e.ToParent is { } parent) Return(state, state.Holds[parent], e.Draws);
        foreach (var back in e.Worth ?? []) AdjustCharge(state, e, back);
        if (e.Reason != Refunded.Unused || e.Lines.Count > 0) RememberLate(state, e);
        if (state.Period(e.Period) is { } period)
            foreach (var line in e.Lines) period.Sum(line.Meter).Quantity -= line.Quantity;
        Tidy(state, e.Draws);
    }

    private static void GiveBack(LedgerState state, Refunded e, Draw draw, Part part)
    {
        if (part.Bucket == Bucket.Credit) GiveBack(state.Grant(part.Grant!.Value), part.Amount, e);
        else if (part.Bucket != Bucket.Overage || state.Period(e.Period) is not null) state.Use(draw.Group, draw.Since)?.At(draw.Start)?.Use(part.Bucket, -part.Amount);
        if (state.Period(e.Period) is { } period) Add(period.Sum(draw.Group, draw.Since)!, draw, part.Bucket, -part.Amount);
        else AdjustedSum(state, e, draw.Group, draw.Since).Adjust(part.Bucket, -part.Amount);
    }

    /// <summary>Where a refund of a closed period counts: in the open period, or in the next one that starts.</summary>
    private static GroupSum AdjustedSum(LedgerState state, Refunded e, string group, int since)
    {
        var limits = state.TermsIn(e.Period, group, since)!;
        if (e.AdjustsPeriod is { } open) return OpenPeriod(state, open).Sum(limits, since);
        var owed = state.Owed.FirstOrDefault(one => one.Since == since && one.Group.Label == group);
        if (owed is null) state.Owed = state.Owed.With(owed = new GroupSum(limits, since));
        return owed;
    }

    private static void Add(GroupSum sum, Draw draw, Bucket bucket, long amount)
    {
        sum.Add(bucket, amount);
        if (bucket == Bucket.Overage && Totals.IsChargedByWindow(sum.Group)) AddOverage(sum, draw.Start, amount);
    }

    private static void AddOverage(GroupSum sum, DateTimeOffset start, long amount) =>
        sum.Change(start, window => window with { Overage = window.Overage + amount });

    private static void AdjustCharge(LedgerState state, Refunded e, ChargeBack back)
    {
        AdjustedSum(state, e, back.Group, back.Since).AdjustedCharge -= back.Nanos;
        var before = new RefundedOverage(e.Period, back.Group, back.Since, back.Start, 0);
        var refunded = state.RefundedOverage.ToArray();
        var at = Array.FindIndex(refunded, one => one with { Overage = 0 } == before);
        if (at < 0) refunded = [.. refunded, before with { Overage = back.Overage }];
        else refunded[at] = before with { Overage = refunded[at].Overage + back.Overage };
        state.RefundedOverage = new(refunded);
    }

    /// <summary>Only a grant that has expired is restored: one still in force keeps its own expiry.</summary>
    private static void GiveBack(Grant grant, long amount, Refunded e)
    {
        grant.Used -= amount;
        if (e.RestoreUntil is { } until && !grant.Revoked && grant.ExpiresAt <= e.At && until > e.At) grant.ExpiresAt = until;
    }

    private static void RememberLate(LedgerState state, Refunded e)
    {
        var late = state.LateRefundOf(e.Reservation);
        foreach (var line in e.Lines) Add(late.Lines, line);
        foreach (var draw in e.Draws)
            foreach (var part in draw.Parts) Add(late.Parts, draw, part);
    }

    private static void Add(List<RefundLine> lines, RefundLine line)
    {
        var at = lines.FindIndex(one => one.Meter == line.Meter && one.Attributes.Equals(line.Attributes));
        if (at < 0) lines.Add(line);
        else lines[at] = line with { Quantity = lines[at].Quantity + line.Quantity };
    }

    private static void Add(List<RefundedPart> parts, Draw draw, Part part)
    {
        var at = parts.FindIndex(one => one.Is(draw, part));
        if (at < 0) parts.Add(new RefundedPart(draw.Group, draw.Since, draw.Start, part.Bucket, part.Grant, part.Amount));
        else parts[at] = parts[at] with { Amount = parts[at].Amount + part.Amount };
    }

    private static void On(LedgerState state, PlanAssigned e)
    {
        state.Assignments = e.Assignment;
        state.StripeCustomer = e.StripeCustomer ?? state.StripeCustomer;
        var plan = new PlanInForce(e.Assignment, SharedPlans.Of(e.Plan), e.Anchor, []);
        if (e.Change == PlanChange.NextPeriod && e.Starts is null) state.NextPlan = plan;
        else PutInForce(state, plan, e.Starts);
    }

    private static void PutInForce(LedgerState state, PlanInForce plan, Period? starts)
    {
        var inForce = plan with { Since = Continuity.SinceOf(plan, state.LastPlan), From = (starts ?? state.Current!.Period).Number };
        using var rearming = Thresholds.Rearming(state);
        state.Plan = state.LastPlan = inForce;
        state.NextPlan = null;
        state.Plans = state.Plans.With(inForce);
        if (starts is not null) Start(state, starts, inForce.Assignment);
        else if (state.Current is { } current) current.Assignment = inForce.Assignment;
        OpenSums(state.Current!, inForce);
    }

    /// <summary>Every group of the plan is in the period's totals, used or not.</summary>
    private static void OpenSums(PeriodUse period, PlanInForce plan)
    {
        for (var i = 0; i < plan.Since.Count; i++) period.Sum(plan.Plan.Groups[i], plan.Since[i]).Group = plan.Plan.Groups[i];
    }

    private static void Start(LedgerState state, Period period, int assignment)
    {
        state.Current = new PeriodUse(period, assignment);
        (state.LastPeriod, state.LastStart) = (period.Number, period.Start);
        foreach (var owed in state.Owed) Adjust(state.Current.Sum(owed.Group, owed.Since), owed.AdjustedUsage, owed.AdjustedOverage, owed.AdjustedCharge);
        state.Owed = [];
    }

    private static void Adjust(GroupSum sum, long usage, long overage, long charge)
    {
        sum.AdjustedUsage += usage;
        sum.AdjustedOverage += overage;
        sum.AdjustedCharge += charge;
    }

    private static void On(LedgerState state) => (state.Plan, state.NextPlan) = (null, null);

    private static void On(LedgerState state, LimitsCustomized e)
    {
        using var rearming = Thresholds.Rearming(state);
        var set = new SortedDictionary<string, CustomLimit>(state.CustomLimits.ToDictionary(own => own.Group), StringComparer.Ordinal);
        foreach (var limit in e.Limits)
            if (limit.Quota is null) set.Remove(limit.Group);
            else set[limit.Group] = limit;
        state.CustomLimits = set.Values.ToItems();
    }

    private static void On(LedgerState state, CreditRevoked e)
    {
        var grant = state.Grant(e.Grant);
        grant.Expired += e.Amount;
        (grant.Revoked, grant.ExpiresAt) = (true, e.At);
    }

    private static void On(LedgerState state, CreditGranted e)
    {
        var grant = new Grant(e.Grant, e.Unit, e.Amount, e.Priority, e.At, e.Source, state.Revision) { ExpiresAt = e.ExpiresAt };
        state.Grants = state.Grants.With(grant);
    }

    private static void On(LedgerState state, PeriodEnded e)
    {
        state.Current!.Period = e.Period;
        foreach (var sum in state.Current.Groups) sum.LimitAtEnd = state.Limit(sum.Group);
        state.Ended = state.Ended.With(state.Current);
        state.Current = null;
        if (e.Next is null) return;
        if (state.NextPlan is { } next && next.Assignment == e.NextAssignment)
        {
            PutInForce(state, next, e.Next);
            return;
        }
        Start(state, e.Next, e.NextAssignment!.Value);
        OpenSums(state.Current!, state.Plan!);
    }

    private static void On(LedgerState state, PeriodClosed e)
    {
        using var rearming = Thresholds.Rearming(state);
        var closed = state.Ended[0];
        state.Ended = Items.Of(state.Ended.Span[1..]);
        var next = state.Ended.Count > 0 ? state.Ended[0] : state.Current;
        for (var i = 0; i < e.Groups.Count; i++)
            if (next is not null) CarryOn(state, closed, closed.Groups[i], e.Groups[i], next);
            else Owe(state, closed.Groups[i], e.Groups[i]);
        foreach (var use in state.Groups) use.Windows = use.Windows.Where(window => !IsDone(state, use, window)).ToItems();
    }

    /// <summary>What a closed period hands on: its rollover as a bucket of the next period's window, and a negative rest of its bill.</summary>
    private static void CarryOn(LedgerState state, PeriodUse closed, GroupSum sum, GroupTotal total, PeriodUse next)
    {
        if (next.Sum(sum.Group.Label, sum.Since) is { } counts)
            foreach (var window in sum.Windows)
                if (state.Use(sum.Group.Label, sum.Since)?.At(window.Start)?.End > closed.Period.End) CarryOn(counts, window);
        var (usage, overage, charge) = Totals.CarriedOut(total);
        if (usage < 0 || overage < 0 || charge < 0) Adjust(next.Sum(sum.Group, sum.Since), usage, overage, charge);
        if (total.RolledOver > 0) WindowOf(state, sum.Group.Label, sum.Since, next.Period.Start, next.Period.End).RolloverSize = total.RolledOver;
    }

    /// <summary>A window that goes on in the next period goes on in its tiers (rule 19).</summary>
    private static void CarryOn(GroupSum sum, WindowOverage window)
    {
        var before = window.Before + window.Overage;
        sum.Change(window.Start, next => next with { Before = before });
    }

    private static void Owe(LedgerState state, GroupSum sum, GroupTotal total)
    {
        var (usage, overage, charge) = Totals.CarriedOut(total);
        if (usage == 0 && overage == 0 && charge == 0) return;
        var owed = new GroupSum(sum.Group, sum.Since);
        Adjust(owed, usage, overage, charge);
        state.Owed = state.Owed.With(owed);
    }

    private static void Take(LedgerState state, Items<Draw> draws)
    {
        foreach (var draw in draws)
        {
            WindowOf(state, draw).OpenDraws++;
            Hold(state, draw, 1);
        }
    }

    /// <summary>A run hands on what a child holds, or is charged beyond its own hold.</summary>
    private static void Carve(LedgerState state, Hold run, Items<Draw> draws)
    {
        run.IsRun = true;
        foreach (var draw in draws)
        {
            Runs.Carve(run, draw);
            Hold(state, draw, -1);
        }
    }

    /// <summary>A run holds again what its child did not use.</summary>
    private static void Return(LedgerState state, Hold run, Items<Draw> draws)
    {
        foreach (var draw in draws)
        {
            Runs.Return(state, run, draw);
            Hold(state, draw, 1);
        }
    }

    private static void Hold(LedgerState state, Draw draw, int sign)
    {
        var window = WindowOf(state, draw);
        foreach (var part in draw.Parts)
            if (part.Bucket == Bucket.Credit) state.Grant(part.Grant!.Value).Held += sign * part.Amount;
            else window.Hold(part.Bucket, sign * part.Amount);
    }

    private static Hold Settle(LedgerState state, Guid reservation)
    {
        var hold = state.Settle(reservation);
        OpenPeriod(state, hold.Period).OpenHolds--;
        foreach (var draw in hold.Draws)
        {
            WindowOf(state, draw).OpenDraws--;
            Hold(state, draw, -1);
        }
        return hold;
    }

    private static void Charge(LedgerState state, PeriodUse period, Plan plan, Items<Draw> draws)
    {
        foreach (var draw in draws)
        {
            var group = plan.Group(draw.Group)!;
            var window = IsForgotten(state, group, draw) ? null : WindowOf(state, draw);
            var sum = period.Sum(group, draw.Since);
            foreach (var part in draw.Parts)
            {
                if (part.Bucket == Bucket.Credit) state.Grant(part.Grant!.Value).Used += part.Amount;
                else window?.Use(part.Bucket, part.Amount);
                Add(sum, draw, part.Bucket, part.Amount);
            }
        }
    }

    /// <summary>Late usage in a cap's window that is over: it limits nobody any more, and what was used there before may be forgotten.</summary>
    private static bool IsForgotten(LedgerState state, LimitGroup group, Draw draw) =>
        draw.End <= state.At && !TakesLate(group) && state.Use(draw.Group, draw.Since)?.At(draw.Start) is null;

    private static void Count(PeriodUse period, Items<UsedLine> lines)
    {
        foreach (var line in lines)
        {
            var sum = period.Sum(line.Meter);
            sum.Quantity += line.Charged;
            sum.Overrun += line.Overrun;
        }
    }

    private static PeriodUse OpenPeriod(LedgerState state, int number) =>
        state.Period(number) ?? throw new InvalidOperationException($"period {number} is not open");

    private static WindowUse WindowOf(LedgerState state, Draw draw) => WindowOf(state, draw.Group, draw.Since, draw.Start, draw.End);

    private static WindowUse WindowOf(LedgerState state, string group, int since, DateTimeOffset start, DateTimeOffset end)
    {
        var use = state.Use(group, since);
        if (use is null) state.Groups = state.Groups.With(use = new GroupUse(group, since));
        if (use.At(start) is { } known) return known;
        var window = new WindowUse(start, end);
        use.Windows = use.Windows.Where(one => !IsDone(state, use, one)).Append(window).OrderBy(one => one.Start).ToItems();
        return window;
    }

    private static void Tidy(LedgerState state, Items<Draw> draws)
    {
        foreach (var draw in draws)
            if (state.Use(draw.Group, draw.Since) is { Windows.Count: > 1 } use && use.At(draw.Start) is { } window
                && IsDone(state, use, window))
                use.Windows = use.Windows.Where(one => one != window).ToItems();
    }

    /// <summary>
    /// Nothing can change in a window that is over, in which no hold counts, that is no open period's own (that decides the rollover) and
    /// that no late usage can count in. The current period may be over, too: its end can come in the
    /// same append, after an earlier due fact.
    /// </summary>
    private static bool IsDone(LedgerState state, GroupUse use, WindowUse window)
    {
        if (window.OpenDraws > 0 || window.End > state.At || state.Current?.Period.Start == window.Start) return false;
        var takesLate = TakesLate(state.PlanOf(use.Since).Plan.Group(use.Group)!);
        if (takesLate && state.Current is { } current && Overlap(current.Period, window)) return false;
        foreach (var ended in state.Ended)
            if (ended.Period.Start == window.Start || (takesLate && Overlap(ended.Period, window))) return false;
        return true;
    }

    /// <summary>Late usage is drawn from a funding group as its window was left; a cap that is over matters no more.</summary>
    private static bool TakesLate(LimitGroup group) => group is { Kind: GroupKind.Funding } or { Thresholds.Count: > 0 };

    private static bool Overlap(Period period, WindowUse window) => window.Start < period.End && period.Start < window.End;
}
