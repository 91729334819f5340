using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>Rules 17, 18, 20, 21: plans, periods and what they come to, limits, thresholds, credits; what a read shows.</summary>
internal sealed partial class LedgerModel
{
    private int Assignments => facts.Count(fact => fact is PlanAssigned);

    private Answer Assign(AssignPlan command)
    {
        if (Term is { } term && command.Change != PlanChange.NowReset) return Yes(Assigned(command, term.Anchor, null));
        // windows are told apart by their start
        var start = stretches.Count > 0 && stretches[^1].Start >= at ? stretches[^1].Start.AddTicks(1) : at;
        var window = Calendar.WindowAt(command.Plan.Period, command.Plan.Anchor, at, zones(command.Plan.Zone), start);
        var assigned = Assigned(command, at, new Period(stretches.Count + 1, start, window.End));
        return Current is { } current ? Yes(Ended(current, null, null), assigned) : Yes(assigned);
    }

    private PlanAssigned Assigned(AssignPlan command, DateTimeOffset anchor, Period? starts) =>
        new(at, By(command), Assignments + 1, command.Plan, command.Change, anchor, starts, command.StripeCustomer);

    private Answer End(EndPlan command) => Term is { } term
        ? Yes(new PlanEnded(at, By(command), term.Assignment), Ended(Current!, null, null))
        : No(RefusalKind.NotFound, "user");

    private PeriodEnded Ended(Stretch current, Period? next, int? assignment)
    {
        var end = next is null ? new[] { at, current.Start }.Max() : current.End;
        return new PeriodEnded(at, current.Period with { End = end }, TotalsOf(current, closing: false), customer, next, assignment);
    }

    private void EndAtBoundary(Stretch current)
    {
        var plan = waiting ?? Term!;
        var window = Calendar.WindowAt(plan.Plan.Period, plan.Plan.Anchor, plan.Anchor, zones(plan.Plan.Zone), current.End);
        Happen(Ended(current, new Period(current.Number + 1, current.End, window.End), plan.Assignment));
    }

    private Answer Customize(CustomizeLimits command)
    {
        for (var i = 0; i < command.Limits.Count; i++)
            if (!new[] { Term, hasPlan ? waiting : null }.Any(term => term is not null && term.Plan.Groups.Any(one => one.Label == command.Limits[i].Group)))
                return No(RefusalKind.NotFound, $"limits[{i}].group");
        return Yes(new LimitsCustomized(at, By(command), command.Limits));
    }

    // ---- credits

    private Answer Grant(GrantCredit command)
    {
        if (grants.Find(one => one.Grant.Source == command.Source)?.Grant is { } known)
            return (known.Unit, known.Amount, known.Priority) == (command.Unit, command.Amount, command.Priority)
                ? new DoneBefore(known.Grant, facts.IndexOf(known))
                : No(RefusalKind.Exists, "source");
        return command.ExpiresAt <= at
            ? No(RefusalKind.Invalid, "expires_at")
            : Yes(new CreditGranted(
                at, By(command), command.Id, command.Unit, command.Amount, command.Priority, command.ExpiresAt, command.Source));
    }

    private Answer Revoke(RevokeCredit command) => grants.Find(one => one.Grant.Grant == command.Grant) switch
    {
        null => No(RefusalKind.NotFound, "grant_id"),
        { Revoked: true } => No(RefusalKind.Conflict, "grant_id"),
        var grant => Yes(new CreditRevoked(at, By(command), command.Grant, Free(grant))),
    };

    // ---- closing

    /// <summary>The oldest period that is over, if no hold is open in it: periods close in order.</summary>
    private Stretch? ClosesNext() =>
        stretches.Find(one => !one.IsClosed) is { HasEnded: true } oldest && !HasOpenHolds(oldest) ? oldest : null;

    private bool HasOpenHolds(Stretch period) => bookings.Exists(one => one.Is == State.Open && one.Period == period.Number);

    private void Close(Stretch period) =>
        Happen(new PeriodClosed(at, period.Period, TotalsOf(period, closing: true), MetersOf(period), customer));

    private Answer Close(ClosePeriod command)
    {
        if (command.Period < 1 || command.Period > stretches.Count) return No(RefusalKind.NotFound, "period");
        var period = stretches[command.Period - 1];
        if (!period.HasEnded) return No(RefusalKind.NotDue, "period");
        var now = facts.Skip(appended).Contains(period.Closed);
        appended = facts.Count;
        if (!period.IsClosed) return No(RefusalKind.NotDue, "period");
        return now ? new Done([period.Closed!]) : new ClosedBefore(period.Number);
    }

    private Items<GroupTotal> TotalsOf(Stretch period, bool closing) =>
        period.Groups.Select(one => TotalOf(period, one.Terms, one.Since, closing)).ToItems();

    private GroupTotal TotalOf(Stretch period, LimitGroup terms, int since, bool closing)
    {
        long Net(Bucket bucket) => Sum(one => IsOf(one, period, terms, since) && one.Bucket == bucket);
        var windows = IsByWindow(terms) ? Overages(period, terms, since) : [];
        var charge = IsByWindow(terms)
            ? windows.Sum(one => ChargeOf(terms, one.Before + one.Overage) - ChargeOf(terms, one.Before))
            : ChargeOf(terms, Net(Bucket.Overage));
        var less = adjustments.Where(one => one.Period == period.Number && one.Since == since && one.Terms.Label == terms.Label).ToArray();
        return new GroupTotal(
            terms.Label, since, terms.Unit, terms.Kind, Net(Bucket.Rollover), Net(Bucket.Quota), Net(Bucket.Credit), Net(Bucket.Overage), charge,
            less.Sum(one => one.Usage), less.Sum(one => one.Overage), less.Sum(one => one.Charge), closing ? RollsOver(period, terms, since) : 0,
            terms.Reporting, windows.Count == 0 ? null : windows);
    }

    private static bool IsOf(Entry entry, Stretch period, LimitGroup terms, int since) =>
        !entry.IsHeld && entry.Period == period.Number && entry.Group == terms.Label && entry.Since == since;

    /// <summary>The overage of each window that had some here, or before and still ran: its tiers go on from what closed periods had (rule 19).</summary>
    private Items<WindowOverage> Overages(Stretch period, LimitGroup terms, int since)
    {
        var all = journal.Where(one => one is { IsHeld: false, MakesRoom: true, Bucket: Bucket.Overage } && one.Group == terms.Label && one.Since == since).ToArray();
        bool IsBefore(Entry one) => one.Period < period.Number && stretches[one.Period.Value - 1].IsClosed && one.Window.End > period.Start;
        return all.Where(one => one.Period == period.Number || IsBefore(one)).GroupBy(one => one.Window.Start).Select(same => new WindowOverage(
            same.Key, same.Where(one => one.Period == period.Number).Sum(one => one.Amount), same.Where(IsBefore).Sum(one => one.Amount))).ToItems();
    }

    private Items<MeterTotal> MetersOf(Stretch period)
    {
        var here = bookings.Where(one => one.Period == period.Number && one.Is == State.Charged).ToArray();
        return here.SelectMany(one => one.Lines).Select(line => line.Meter).Distinct().Order(StringComparer.Ordinal).Select(meter => new MeterTotal(
            meter,
            here.Sum(one => one.Lines.Where(line => line.Meter == meter).Sum(line => line.Charged) - one.Refunded.Where(line => line.Meter == meter).Sum(line => line.Quantity)),
            here.Sum(one => one.Lines.Where(line => line.Meter == meter).Sum(line => line.Overrun)))).ToItems();
    }

    private static bool IsByWindow(LimitGroup terms) => terms.Window != WindowLength.BillingPeriod && terms.Overage is { Tiers.Count: > 0 };

    private static long ChargeOf(LimitGroup terms, long overage) => terms.Overage switch
    {
        null => 0,
        _ when overage <= 0 => 0,
        { Tiers.Count: 0 } => IsMoney(terms) ? overage : 0,
        var price => Rating.Charge(overage, price.Mode, price.Tiers),
    };

    /// <summary>What is left of rollover and quota, if the group goes on in the period that follows.</summary>
    private long RollsOver(Stretch period, LimitGroup terms, int since)
    {
        var goesOn = stretches.Count > period.Number && stretches[period.Number].Groups.Exists(one => one.Since == since && one.Terms.Label == terms.Label);
        if (!goesOn) return 0;
        var spot = new Spot(terms.Label, since, new Window(period.Start, period.End), terms);
        var left = Math.Max(0, LimitIn(spot) - Used(spot, Bucket.Quota)) + Math.Max(0, RolledInto(spot) - Used(spot, Bucket.Rollover));
        return Math.Min(terms.RolloverMax, left);
    }

    // ---- thresholds

    private void ReachThresholds(LedgerEvent fact)
    {
        var (period, draws) = fact switch
        {
            Committed one => (one.Period, one.Draws),
            UsageTracked { Period: { } number } one => (number, one.Draws),
            _ => (0, []),
        };
        foreach (var draw in draws)
        {
            if (stretches[period - 1].Term.Group(draw.Group, draw.Since) is not { Thresholds: { } percents } terms) continue;
            var spot = new Spot(draw.Group, draw.Since, new Window(draw.Start, draw.End), terms);
            foreach (var percent in percents)
                if (IsReached(spot, percent) && !reached.Contains((draw.Group, draw.Since, draw.Start, percent)))
                    Happen(new ThresholdReached(at, draw.Group, draw.Since, draw.Start, draw.End, percent, UsedOfOwn(spot), Included(spot)));
        }
    }

    /// <summary>Quota and rollover: what thresholds are percent of.</summary>
    private long Included(Spot spot) => LimitIn(spot) + RolledInto(spot);

    private bool IsReached(Spot spot, int percent) => UsedOfOwn(spot) > 0 && (Int128)UsedOfOwn(spot) * 100 >= (Int128)Included(spot) * percent;

    /// <summary>The thresholds that were reached in groups of the last plan, and what they are percent of now.</summary>
    private (Spot Spot, int Percent, long Included)[] Reached() => reached
        .Select(one => (one, terms: terms.LastOrDefault()?.Group(one.Group, one.Since)))
        .Where(pair => pair.terms is not null)
        .Select(pair => (new Spot(pair.one.Group, pair.one.Since, new Window(pair.one.Start, pair.one.Start), pair.terms!), pair.one.Percent))
        .Select(pair => (pair.Item1, pair.Percent, Included(pair.Item1)))
        .ToArray();

    /// <summary>Raising what it is percent of re-arms a threshold above present use (rule 20); nothing else does.</summary>
    private void Rearm((Spot Spot, int Percent, long Included)[] before)
    {
        foreach (var (spot, percent, included) in Reached())
            if (!IsReached(spot, percent) && before.Any(one => IsSame(one.Spot, spot) && one.Percent == percent && one.Included < included))
                reached.Remove((spot.Group, spot.Since, spot.Window.Start, percent));
    }

    private static bool IsSame(Spot one, Spot other) => (one.Group, one.Since, one.Window.Start) == (other.Group, other.Since, other.Window.Start);

    // ---- what a read shows

    private Usage Usage() => new(
        at, appended - 1, Term?.Plan.Id, Term?.Plan.Version ?? 0, isSuspended, Current?.Period,
        Term is { } term ? term.Plan.Groups.Select(group => UsageOf(term, group)).ToItems() : [],
        grants.Select(one => new GrantUsage(
            one.Grant.Grant, one.Grant.Unit, one.Grant.Amount, UsedOf(one), HeldOf(one), ExpiredOf(one), one.Grant.Priority, one.ExpiresAt,
            one.Grant.Source)).ToItems(),
        bookings.Count(one => one.Is == State.Open));

    private GroupUsage UsageOf(Term term, LimitGroup group)
    {
        var spot = SpotOf(Current!, term, group, at);
        var caps = term.Plan.Groups.Where(cap => cap.Kind == GroupKind.Cap && cap.Unit == group.Unit && IsWider(cap, group));
        return new GroupUsage(
            group.Label, group.Unit, group.Kind, spot.Window.Start, spot.Window.End, LimitOf(group), RolledInto(spot), UsedOfOwn(spot),
            HeldOfOwn(spot), Used(spot, Bucket.Overage), group.Overage?.Cap ?? 0,
            caps.Select(cap => Available(SpotOf(Current!, term, cap, at))).Append(Available(spot)).Min(), ChargeOf(group, Used(spot, Bucket.Overage)));
    }

    /// <summary>Of the lines there can be, the cap covers every one that the group does.</summary>
    private static bool IsWider(LimitGroup cap, LimitGroup group) => Shop.EveryLine.All(line => !Covers(group, line) || Covers(cap, line));
}
