using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>Rules 1–4 and 10: what takes from a user's groups.</summary>
internal sealed partial class LedgerModel
{
    private Answer Reserve(Reserve command)
    {
        if (command.Parent is { } parent) return NoRun(parent) ?? ReserveIn(Find(parent)!, command);
        if (Blocked() is { } denied) return denied;
        var (lines, draws, no) = Admit(null, Term!, command.Lines, "lines");
        return no ?? Yes(new Reserved(
            at, By(command), command.Id, Term!.Assignment, Current!.Number, at + command.TimeToLive, command.Grace, lines, draws));
    }

    /// <summary>A run is an open reservation that is nobody's child, and children end no later than it.</summary>
    private Refused? NoRun(Guid parent) => Find(parent) switch
    {
        null => No(RefusalKind.NotFound, "parent_id"),
        { Is: not State.Open } => No(RefusalKind.Settled, "parent_id"),
        { Run: not null } => No(RefusalKind.Invalid, "parent_id"),
        var run => run.Deadline <= at ? No(RefusalKind.Conflict, "parent_id") : null,
    };

    private Answer ReserveIn(Booking run, Reserve command)
    {
        if (isSuspended) return Deny(DenialReason.Suspended);
        var (lines, draws, no) = Admit(run, run.Term, command.Lines, "lines", run);
        if (no is not null) return no;
        var deadline = new[] { at + command.TimeToLive, run.Deadline }.Min();
        var grace = new[] { command.Grace, run.ExpiresAt - deadline }.Min();
        return Yes(new Reserved(
            at, By(command), command.Id, run.Term.Assignment, run.Period!.Value, deadline, grace, lines, draws, run.Id));
    }

    private Answer CheckIn(Booking run, Check command)
    {
        if (isSuspended) return Deny(DenialReason.Suspended);
        var (_, draws, no) = Admit(run, run.Term, command.Lines, "lines", run);
        return no ?? new Allowed(draws.Select(draw => WithLeft(draw, run)).ToItems(), at, appended - 1);
    }

    private Answer Check(Check command)
    {
        if (command.Parent is { } parent) return NoRun(parent) ?? CheckIn(Find(parent)!, command);
        if (Blocked() is { } denied) return denied;
        var (_, draws, no) = Admit(null, Term!, command.Lines, "lines");
        return no ?? new Allowed(draws.Select(WithLeft).ToItems(), at, appended - 1);
    }

    private Answer Extend(Extend command)
    {
        if (NotOpen(command.Reservation) is { } refused) return refused;
        if (isSuspended) return Deny(DenialReason.Suspended);
        var hold = Find(command.Reservation)!;
        var (lines, draws, no) = Admit(hold, hold.Term, command.Add, "add", hold.OpenRun);
        if (no is not null) return no;
        var asked = command.TimeToLive is { } time ? at + time : hold.Deadline;
        var latest = new[] { asked, hold.At.AddHours(24) }.Min();
        if (hold.OpenRun is { } run) latest = new[] { latest, run.Deadline, run.ExpiresAt - hold.Grace }.Min();
        return Yes(new HoldExtended(at, By(command), hold.Id, new[] { hold.Deadline, latest }.Max(), lines, draws));
    }

    private Answer TrackEnforced(Track command)
    {
        if (command.OccurredAt is not null) return No(RefusalKind.Invalid, "occurred_at");
        if (Blocked() is { } denied) return denied;
        var (lines, draws, no) = Admit(null, Term!, command.Lines, "lines");
        return no ?? Yes(new UsageTracked(at, By(command), Term!.Assignment, Current!.Number, true, false, lines, draws));
    }

    /// <summary>Post-paid usage bypasses room and suspension, never matching; it counts when it occurred while that period is open (rule 12).</summary>
    private Answer TrackPostPaid(Track command)
    {
        if (command.OccurredAt > at) return No(RefusalKind.Invalid, "occurred_at");
        var then = stretches.Find(one => !one.IsClosed && one.Start <= command.OccurredAt && command.OccurredAt < one.End);
        var (period, when) = then is null ? (Current, at) : (then, command.OccurredAt!.Value);
        if (period is null) return Yes(new UsageTracked(at, By(command), 0, null, false, true, Unbilled(command.Lines), [], command.OccurredAt));
        var charges = command.Lines.Select(line => (line, groups: Priced(line, Covering(period.Term.Plan, line), when))).ToArray();
        var draws = new Dictionary<string, (Spot Spot, List<Part> Parts)>();
        foreach (var (line, groups) in charges)
            foreach (var group in groups)
                Take(draws, SpotThen(period, group, when), AmountOf(line, group, line.Quantity, when));
        return Yes(new UsageTracked(
            at, By(command), period.Term.Assignment, period.Number, false, charges.Any(one => one.groups.Count == 0),
            charges.Select(one => Recorded(one.line, one.groups, one.groups.Count == 0 ? 0 : one.line.Quantity, when)).ToItems(),
            DrawsOf(draws), command.OccurredAt));
    }

    private static Items<UsedLine> Unbilled(Items<AskedLine> lines) =>
        lines.Select(line => new UsedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, line.Quantity, null)).ToItems();

    private Denied? Blocked() => Term is null ? Deny(DenialReason.NoPlan) : isSuspended ? Deny(DenialReason.Suspended) : null;

    private Denied Deny(DenialReason reason, AskedLine? line = null) =>
        new(reason, null, line?.Meter, line?.Quantity ?? 0, 0, 0, 0, 0, null, at, appended - 1);

    /// <summary>All lines or none; each group must have room for all that the command asks of it.</summary>
    private (Items<UsedLine> Lines, Items<Draw> Draws, Answer? No) Admit(
        Booking? hold, Term term, Items<AskedLine> asked, string field, Booking? run = null)
    {
        var when = hold?.At ?? at;
        var needs = new List<(LimitGroup Group, long Amount)>();
        var lines = new List<UsedLine>();
        for (var i = 0; i < asked.Count; i++)
        {
            var line = AsHeld(asked[i], hold);
            var groups = Covering(term.Plan, line);
            if (groups.Count == 0) return ([], [], Deny(DenialReason.Unmatched, line));
            if (Priced(line, groups, when).Count == 0) return ([], [], Deny(DenialReason.Unpriced, line));
            try
            {
                foreach (var group in groups) Need(needs, group, AmountOf(line, group, line.Quantity, when));
                lines.Add(Recorded(line, groups, line.Quantity, when));
            }
            catch (OverflowException)
            {
                return ([], [], No(RefusalKind.Invalid, $"{field}[{i}].quantity"));
            }
        }
        var draws = new Dictionary<string, (Spot Spot, List<Part> Parts)>();
        foreach (var (group, amount) in needs)
        {
            var spot = SpotOf(hold, term, group);
            if (run is not null)
            {
                var rest = NetOf(run, group.Label, held: true);
                var left = rest.Sum(part => part.Amount);
                if (amount > left)
                    return ([], [], DenyFor(spot, amount) with { Reason = DenialReason.RunBudget, Remaining = left, ResetsAt = null });
                draws.Add(group.Label, (spot, FirstOf(rest, amount)));
                continue;
            }
            if (amount > Available(spot)) return ([], [], DenyFor(spot, amount));
            Take(draws, spot, amount);
        }
        return (lines.ToItems(), DrawsOf(draws), null);
    }

    private static void Need(List<(LimitGroup Group, long Amount)> needs, LimitGroup group, long amount)
    {
        var known = needs.FindIndex(need => need.Group.Label == group.Label);
        if (known < 0) needs.Add((group, amount));
        else needs[known] = (group, checked(needs[known].Amount + amount));
    }

    private Denied DenyFor(Spot spot, long needed)
    {
        // what earlier lines of this very command took is no use of the group
        var left = Available(spot);
        draft.Clear();
        return new Denied(
            spot.Terms.Kind == GroupKind.Cap ? DenialReason.CapReached : DenialReason.FundingExhausted, spot.Group, null, needed,
            LimitIn(spot), UsedOfOwn(spot), HeldOfOwn(spot), left,
            spot.Window.End == DateTimeOffset.MaxValue ? null : spot.Window.End, at, appended - 1);
    }

    /// <summary>Rollover, quota, credits, overage (rule 3); what none of them has goes to the last one all the same.</summary>
    private void Take(Dictionary<string, (Spot Spot, List<Part> Parts)> draws, Spot spot, long amount)
    {
        if (!draws.TryGetValue(spot.Group, out var draw)) draws.Add(spot.Group, draw = (spot, []));
        void Some(Bucket bucket, Guid? grant, long most)
        {
            var some = Math.Min(amount, Math.Max(0, most));
            if (some == 0) return;
            amount -= some;
            Merge(draw.Parts, new Part(bucket, some, grant));
            draft.Add(new Entry(false, Guid.Empty, spot.Group, spot.Since, spot.Window, bucket, grant, some, null));
        }
        if (spot.Terms.Kind == GroupKind.Funding)
        {
            Some(Bucket.Rollover, null, Free(spot, Bucket.Rollover));
            Some(Bucket.Quota, null, Free(spot, Bucket.Quota));
            foreach (var grant in Drawable(spot.Terms.Unit).ToArray()) Some(Bucket.Credit, grant.Grant.Grant, Free(grant));
        }
        Some(spot.Terms.Overage is null ? Bucket.Quota : Bucket.Overage, null, amount);
    }

    private static void Merge(List<Part> parts, Part part)
    {
        var known = parts.FindIndex(one => one.Bucket == part.Bucket && one.Grant == part.Grant);
        if (known < 0) parts.Add(part);
        else parts[known] = part with { Amount = parts[known].Amount + part.Amount };
    }

    /// <summary>What is left after the event is filled in when it has happened.</summary>
    private static Items<Draw> DrawsOf(Dictionary<string, (Spot Spot, List<Part> Parts)> draws) => draws.Values
        .Select(one => new Draw(one.Spot.Group, one.Spot.Since, one.Spot.Window.Start, one.Spot.Window.End, one.Parts.ToItems(), 0))
        .ToItems();

    // ---- which groups a line counts in, where, and what it comes to there

    /// <summary>The funding group first, then the caps in the plan's order; none at all if no funding group pays (rule 2).</summary>
    private static List<LimitGroup> Covering(Plan plan, AskedLine line)
    {
        var groups = plan.Groups.Where(group => Covers(group, line)).OrderBy(group => group.Kind == GroupKind.Cap).ToList();
        return groups.Count > 0 && groups[0].Kind == GroupKind.Funding ? groups : [];
    }

    private static bool Covers(LimitGroup group, AskedLine line) => (IsMoney(group) || group.Unit == line.Unit) && group.Matches.Any(match =>
        (match.Meter == line.Meter || (match.Meter[^1] == '*' && line.Meter.StartsWith(match.Meter[..^1], StringComparison.Ordinal)))
        && match.Where.Pairs.ToArray().All(pair => line.Attributes[pair.Key] == pair.Value));

    private static bool IsMoney(LimitGroup group) => group.Unit is "USD";

    /// <summary>None of the groups if one of them has no price.</summary>
    private static List<LimitGroup> Priced(AskedLine line, List<LimitGroup> groups, DateTimeOffset when) =>
        groups.All(group => !IsMoney(group) || RateOf(line, group, when) is not null) ? groups : [];

    private static Rate? RateOf(AskedLine line, LimitGroup group, DateTimeOffset when) =>
        line.Rates.Where(rate => rate.Currency == group.Unit && rate.From <= when && when < rate.Until).MaxBy(rate => rate.From);

    private static long AmountOf(AskedLine line, LimitGroup group, long quantity, DateTimeOffset when) =>
        IsMoney(group) && RateOf(line, group, when) is { } rate ? Rating.Amount(quantity, rate.Price, rate.MarkupPpm) : quantity;

    private static UsedLine Recorded(AskedLine line, List<LimitGroup> groups, long charged, DateTimeOffset when)
    {
        var rated = groups.Where(IsMoney).Select(group => (group, rate: RateOf(line, group, when)!)).Select(one =>
            new RatedAmount(one.group.Label, one.rate.Book, one.rate.Price, one.rate.MarkupPpm, AmountOf(line, one.group, charged, when))).ToItems();
        return new UsedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, line.Quantity - charged, rated.Count == 0 ? null : rated);
    }

    /// <summary>A line of the hold keeps the price that it was reserved at (rule 19).</summary>
    private static AskedLine AsHeld(AskedLine line, Booking? hold)
    {
        var held = hold?.Lines.Find(one => one.Ratings is not null && one.Meter == line.Meter && one.Attributes.Equals(line.Attributes));
        return held is null ? line : line with
        {
            Rates = held.Ratings!.Select(one => new Rate(
                one.Book, hold!.At, DateTimeOffset.MaxValue, hold.Term.Plan.Groups.First(group => group.Label == one.Group).Unit, one.Price,
                one.MarkupPpm)).ToItems(),
        };
    }

    private Window WindowOf(Stretch period, Term term, LimitGroup group, DateTimeOffset when) => group.Window == WindowLength.BillingPeriod
        ? new Window(period.Start, period.End)
        : Calendar.WindowAt(group.Window, group.Anchor, term.Anchor, zones(term.Plan.Zone), when);

    private Spot SpotOf(Stretch period, Term term, LimitGroup group, DateTimeOffset when) =>
        new(group.Label, term.Since[group.Label], WindowOf(period, term, group, when), group);

    /// <summary>Late usage counts where it occurred; a window that still runs has the limits of now.</summary>
    private Spot SpotThen(Stretch period, LimitGroup group, DateTimeOffset when)
    {
        var spot = SpotOf(period, period.Term, group, when);
        return spot with { Terms = TermsOf(period.Term, group, period, spot.Window) };
    }

    /// <summary>Without a hold: now. With one: in its own windows (rule 10), and in the present one for what it does not hold yet.</summary>
    private Spot SpotOf(Booking? hold, Term term, LimitGroup group)
    {
        if (hold is null) return SpotOf(Current!, term, group, at);
        var period = stretches[hold.Period!.Value - 1];
        var window = hold.Windows.TryGetValue(group.Label, out var own) || (hold.OpenRun?.Windows.TryGetValue(group.Label, out own) ?? false)
            ? own
            : WindowOf(period, term, group, at);
        return new Spot(group.Label, term.Since[group.Label], window, TermsOf(term, group, period, window));
    }

    /// <summary>
    /// A group that counts on under another plan has that plan's limits: in a window that still runs those of the plan in force, in its period
    /// those of the last plan there.
    /// </summary>
    private LimitGroup TermsOf(Term term, LimitGroup group, Stretch period, Window window)
    {
        var rules = group.Window != WindowLength.BillingPeriod && window.Contains(at) ? Term : period.Term;
        return rules?.Group(group.Label, term.Since[group.Label]) ?? group;
    }
}
