using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>What a fact adds to the lists that everything is summed from.</summary>
internal sealed partial class LedgerModel
{
    private void Happen(LedgerEvent happened)
    {
        draft.Clear();
        var before = Reached();
        Enter(happened);
        if (happened is PlanAssigned or LimitsCustomized or PeriodEnded or PeriodClosed) Rearm(before);
        facts.Add(WithLeft(happened));
        if (happened.Cause is not { } cause) return;
        commands.TryAdd(cause.Command, (cause.Content, facts.Count - 1));
        lastCommandAt = at;
    }

    private void Enter(LedgerEvent happened)
    {
        switch (happened)
        {
            case Reserved e:
                var run = e.Parent is { } parent ? Find(parent) : null;
                bookings.Add(new Booking(e.Reservation, run?.At ?? at, terms[TermAt(e.Assignment)], e.Period, e.Grace) { Run = run });
                Hold(bookings[^1], e.Deadline, e.Lines, e.Draws);
                Carve(run, e.Draws);
                break;
            case HoldExtended e:
                Hold(Find(e.Reservation)!, e.Deadline, e.Lines, e.Draws);
                Carve(Find(e.Reservation)!.OpenRun, e.Draws);
                break;
            case Committed e:
                Carve(Find(e.Reservation)!.OpenRun, e.FromParent ?? []);
                Settle(Find(e.Reservation)!, State.Charged);
                Charge(Find(e.Reservation)!, e.Lines, e.Draws);
                break;
            case UsageTracked e:
                var term = e.Assignment == 0 ? new Term(0, Shop.Plans[0], at, []) : terms[TermAt(e.Assignment)];
                bookings.Add(new Booking(e.Cause!.Command, at, term, e.Period, TimeSpan.Zero) { Is = State.Charged });
                Charge(bookings[^1], e.Lines, e.Draws);
                break;
            case Released e:
                Settle(Find(e.Reservation)!, State.GivenBack);
                if (e.ToParent is { } taker) Write(Find(taker)!, e.Draws, held: true, +1);
                break;
            case Refunded e:
                GiveBack(e);
                if (e.ToParent is { } keeper) Write(Find(keeper)!, e.Draws, held: true, +1);
                break;
            case CreditGranted e:
                grants.Add(new Bought(e));
                break;
            case CreditRevoked e:
                var revoked = grants.Find(one => one.Grant.Grant == e.Grant)!;
                (revoked.Revoked, revoked.ExpiresAt) = (true, at);
                revoked.Expired.Add(e.Amount);
                break;
            case CreditExpired e:
                grants.Find(one => one.Grant.Grant == e.Grant)!.Expired.Add(e.Amount);
                break;
            case PlanAssigned e:
                customer = e.StripeCustomer ?? customer;
                var assigned = new Term(e.Assignment, e.Plan, e.Anchor, []);
                if (e.Change == PlanChange.NextPeriod && e.Starts is null) waiting = assigned;
                else PutInForce(assigned, e.Starts);
                break;
            case PlanEnded:
                (hasPlan, waiting) = (false, null);
                break;
            case LimitsCustomized e:
                Customize(e);
                break;
            case PeriodEnded e:
                EndPeriod(e);
                break;
            case PeriodClosed e:
                ClosePeriod(e);
                break;
            case ThresholdReached e:
                reached.Add((e.Group, e.Since, e.Start, e.Percent));
                break;
            case Suspended or Resumed:
                isSuspended = happened is Suspended;
                break;
        }
    }

    private int TermAt(int assignment) => terms.FindIndex(one => one.Assignment == assignment);

    private void Hold(Booking hold, DateTimeOffset deadline, Items<UsedLine> lines, Items<Draw> draws)
    {
        hold.Deadline = deadline;
        hold.Lines.AddRange(lines);
        Write(hold, draws, held: true, +1);
    }

    /// <summary>A run holds less by what its child holds, or was charged beyond that.</summary>
    private void Carve(Booking? run, Items<Draw> draws)
    {
        if (run is null || draws.Count == 0) return;
        Write(run, draws, held: true, -1);
        run.WasCarved = true;
    }

    private void Settle(Booking hold, State state)
    {
        foreach (var entry in journal.Where(one => one.IsHeld && one.Of == hold.Id).ToArray()) journal.Add(entry with { Amount = -entry.Amount });
        hold.Is = state;
    }

    private void Charge(Booking usage, Items<UsedLine> lines, Items<Draw> draws)
    {
        usage.Lines = [.. lines];
        Write(usage, draws, held: false, +1);
        foreach (var draw in draws)
            stretches[usage.Period!.Value - 1].Lists(usage.Term.Plan.Groups.First(group => group.Label == draw.Group), draw.Since);
    }

    private void Write(Booking booking, Items<Draw> draws, bool held, int sign)
    {
        foreach (var draw in draws)
        {
            var window = new Window(draw.Start, draw.End);
            booking.Windows.TryAdd(draw.Group, window);
            var open = booking.Period is { } number && !stretches[number - 1].IsClosed;
            foreach (var part in draw.Parts)
                journal.Add(new Entry(
                    held, booking.Id, draw.Group, draw.Since, window, part.Bucket, part.Grant, sign * part.Amount, booking.Period,
                    MakesRoom: open || part.Bucket != Bucket.Overage));
        }
    }

    private void GiveBack(Refunded e)
    {
        var usage = Find(e.Reservation)!;
        Write(usage, e.Draws, held: false, -1);
        usage.Refunded.AddRange(e.Lines);
        foreach (var grant in e.Draws.SelectMany(draw => draw.Parts).Where(part => part.Grant is not null).Select(part => part.Grant))
            if (grants.Find(one => one.Grant.Grant == grant)! is { Revoked: false } back && back.ExpiresAt <= at && e.RestoreUntil > at)
                back.ExpiresAt = e.RestoreUntil;
        if (usage.Period is not { } number || stretches[number - 1] is not { IsClosed: true } closed) return;
        foreach (var draw in e.Draws)
            Adjust(
                e.AdjustsPeriod, closed.Groups.First(one => one.Since == draw.Since && one.Terms.Label == draw.Group).Terms, draw.Since, -draw.Amount,
                -draw.Parts.Where(part => part.Bucket == Bucket.Overage).Sum(part => part.Amount),
                -(e.Worth?.Where(one => one.Group == draw.Group && one.Since == draw.Since).Sum(one => one.Nanos) ?? 0));
    }

    private void Adjust(int? period, LimitGroup group, int since, long usage, long overage, long charge)
    {
        adjustments.Add(new Adjustment(period, group, since, usage, overage, charge));
        if (period is { } number) stretches[number - 1].Lists(group, since);
    }

    private void PutInForce(Term assigned, Period? starts)
    {
        var last = terms.LastOrDefault();
        foreach (var group in assigned.Plan.Groups)
            assigned.Since[group.Label] = last is not null && CountsOn(assigned, group, last) ? last.Since[group.Label] : assigned.Assignment;
        terms.Add(assigned);
        (hasPlan, waiting) = (true, null);
        if (starts is not null) Start(starts, assigned);
        ListGroups();
    }

    /// <summary>Groups of the same label, unit and window count on; that the window is the same takes the same grid of windows.</summary>
    private static bool CountsOn(Term term, LimitGroup group, Term last)
    {
        if (last.Plan.Groups.FirstOrDefault(one => one.Label == group.Label) is not { } before) return false;
        if ((group.Unit, group.Kind, group.Window) != (before.Unit, before.Kind, before.Window)) return false;
        if (group.Window is WindowLength.Lifetime or WindowLength.BillingPeriod) return true;
        if (group.Anchor != before.Anchor || term.Plan.Zone != last.Plan.Zone) return false;
        return group.Anchor == Anchor.Calendar || term.Anchor == last.Anchor;
    }

    private void Start(Period period, Term term)
    {
        stretches.Add(new Stretch(period.Number, period.Start, period.End, term));
        for (var i = 0; i < adjustments.Count; i++)
        {
            if (adjustments[i].Period is not null) continue;
            adjustments[i] = adjustments[i] with { Period = period.Number };
            stretches[^1].Lists(adjustments[i].Terms, adjustments[i].Since);
        }
    }

    private void ListGroups()
    {
        Current!.Term = Term!;
        foreach (var group in Term!.Plan.Groups) Current.Lists(group, Term.Since[group.Label], latest: true);
    }

    private void Customize(LimitsCustomized e)
    {
        foreach (var limit in e.Limits)
            if (limit.Quota is { } quota) ownLimits[limit.Group] = quota;
            else ownLimits.Remove(limit.Group);
    }

    private void EndPeriod(PeriodEnded e)
    {
        var ended = stretches[^1];
        (ended.HasEnded, ended.End) = (true, e.Period.End);
        foreach (var (group, since) in ended.Groups) ended.LimitsAtEnd[(group.Label, since)] = LimitOf(group);
        if (e.Next is not { } next) return;
        if (waiting is { } plan)
        {
            PutInForce(plan, next);
            return;
        }
        Start(next, Term!);
        ListGroups();
    }

    /// <summary>A closed period hands on its rollover and the negative rest of its bill.</summary>
    private void ClosePeriod(PeriodClosed e)
    {
        var closed = stretches[e.Period.Number - 1];
        (closed.IsClosed, closed.Closed) = (true, e);
        int? next = stretches.Count > closed.Number ? closed.Number + 1 : null;
        for (var i = 0; i < e.Groups.Count; i++)
        {
            var (total, (terms, since)) = (e.Groups[i], closed.Groups[i]);
            var (usage, overage, charge) = total.Reporting?.What switch
            {
                Reports.Usage => (total.Used + total.AdjustedUsage, 0L, 0L),
                Reports.Overage => (0L, total.Overage + total.AdjustedOverage, 0L),
                Reports.Charge => (0L, 0L, total.Charge + total.AdjustedCharge),
                _ => (0L, 0L, 0L),
            };
            if (usage < 0 || overage < 0 || charge < 0) Adjust(next, terms, since, Math.Min(0, usage), Math.Min(0, overage), Math.Min(0, charge));
            if (total.RolledOver > 0) rollovers.Add((terms.Label, since, stretches[closed.Number].Start, total.RolledOver));
        }
    }

    // ---- what is free right after an event

    private LedgerEvent WithLeft(LedgerEvent happened) => happened switch
    {
        Reserved e => e with { Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems() },
        HoldExtended e => e with { Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems() },
        Committed e => e with
        {
            Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems(),
            FromParent = e.FromParent?.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems(),
        },
        Released e => e with { Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems() },
        Refunded e => e with { Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Reservation)!)).ToItems() },
        UsageTracked e => e with { Draws = e.Draws.Select(draw => WithLeft(draw, Find(e.Cause!.Command)!)).ToItems() },
        _ => happened,
    };

    /// <summary>Of the plan in force, where nothing is entered yet: a check.</summary>
    private Draw WithLeft(Draw draw)
    {
        var spot = new Spot(draw.Group, draw.Since, new Window(draw.Start, draw.End), Term!.Group(draw.Group, draw.Since)!);
        return draw with { Left = Available(spot) };
    }

    private Draw WithLeft(Draw draw, Booking booking)
    {
        var (period, group) = (stretches[booking.Period!.Value - 1], booking.Term.Plan.Groups.First(one => one.Label == draw.Group));
        if (period.IsClosed && group.Window == WindowLength.BillingPeriod) return draw with { Left = 0 };
        var window = new Window(draw.Start, draw.End);
        return draw with { Left = Available(new Spot(draw.Group, draw.Since, window, TermsOf(booking.Term, group, period, window))) };
    }
}
