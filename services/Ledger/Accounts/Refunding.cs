using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>Gives committed usage back to the buckets it came from, at any later date, never more than is left of it (rule 11).</summary>
internal sealed class Refunding
{
    private readonly Context context;
    private readonly Refund command;
    private readonly LateRefund before;
    private readonly PlanInForce plan;
    private readonly Items<UsedLine> lines;
    private readonly Items<Draw> charged;
    private readonly Items<Draw> unused;
    private readonly int period;
    private readonly GrantRoom grants;

    public Refunding(Context context, Refund command, Past past)
    {
        (this.context, this.command) = (context, command);
        before = context.State.LateRefunds.GetValueOrDefault(command.Reservation) ?? new LateRefund();
        lines = past.Committed?.Lines ?? past.Tracked!.Lines;
        charged = past.Committed?.Draws ?? past.Tracked!.Draws;
        unused = past.Unused?.Draws ?? [];
        period = past.Committed?.Period ?? past.Tracked!.Period ?? 0;
        var assignment = past.Committed?.Assignment ?? past.Tracked!.Assignment;
        plan = context.State.FindPlan(assignment) ?? new PlanInForce(0, NoPlan, default, []);
        grants = new GrantRoom(context, restored: command.RestoreUntil > context.At);
    }

    public Decision Decide()
    {
        var back = command.Lines is { } asked ? Merged(asked) : Rest();
        if (back.Count == 0) return Decision.Refused(RefusalKind.Conflict, "reservation_id", "a commit of which something is left to refund");
        var amounts = new List<(LimitGroup Group, long Amount)>();
        for (var i = 0; i < back.Count; i++)
            if (TryAdd(amounts, back[i], i) is { } refused) return Decision.Answered(refused);
        var returned = amounts.Where(one => one.Amount > 0).Select(one => GiveBack(one.Group, one.Amount)).ToArray();
        var draws = returned.Select(one => one.Room.Draw(one.Parts.ToItems())).Select(draw => IsOver(draw) ? draw with { Left = 0 } : draw).ToItems();
        var closed = Closed();
        // closed by another command since the stream was read: it is read again
        if (closed is null && HasOverage(draws) && context.State.Period(period) is null) return Decision.Answered(new NeedsPast(command.Reservation));
        return Decision.Of(new Refunded(
            context.At, new Cause(command.Id, command.Content), command.Reservation, period, AdjustsPeriod(), command.Reason, back, draws,
            command.RestoreUntil, null, closed is null || !HasOverage(draws) ? null : Worth(draws, closed)));
    }

    private static bool HasOverage(Items<Draw> draws) => draws.Any(draw => draw.Parts.Any(part => part.Bucket == Bucket.Overage));

    /// <summary>How the period was closed, in the stream or in this very append; none: it is open.</summary>
    private PeriodClosed? Closed() => context.State.Period(period) is not null
        ? null
        : command.Past!.Closed ?? context.State.Unappended.OfType<PeriodClosed>().FirstOrDefault(one => one.Period.Number == period);

    /// <summary>What a closed period's charge would be less: f(old net overage of the window) − f(new) (rule 19).</summary>
    private Items<ChargeBack>? Worth(Items<Draw> draws, PeriodClosed closed)
    {
        var backs = new List<ChargeBack>();
        foreach (var draw in draws)
            if (closed.Groups.FirstOrDefault(one => one.Group == draw.Group && one.Since == draw.Since) is { } total) Add(backs, closed, total, draw);
        return backs.Count == 0 ? null : backs.ToItems();
    }

    private void Add(List<ChargeBack> backs, PeriodClosed closed, GroupTotal total, Draw draw)
    {
        var back = draw.Parts.Where(part => part.Bucket == Bucket.Overage).Sum(part => part.Amount);
        if (back == 0) return;
        var group = context.State.TermsIn(period, draw.Group, draw.Since)!;
        var start = Totals.IsChargedByWindow(group) ? draw.Start : closed.Period.Start;
        var net = OverageOf(total, group, start) - context.State.RefundedOverage
            .Where(one => one.Period == period && one.Group == draw.Group && one.Since == draw.Since && one.Start == start).Sum(one => one.Overage);
        backs.Add(new ChargeBack(draw.Group, draw.Since, start, back, Totals.Charge(group, net) - Totals.Charge(group, net - back)));
    }

    private static long OverageOf(GroupTotal total, LimitGroup group, DateTimeOffset start)
    {
        if (!Totals.IsChargedByWindow(group)) return total.Overage;
        return total.Windows?.FirstOrDefault(window => window.Start == start) is { } window ? window.Before + window.Overage : 0;
    }

    private static Plan NoPlan => new("", 0, WindowLength.Month, Anchor.Calendar, "UTC", "", 0, TimeSpan.Zero, []);

    private Items<RefundLine> Rest() => lines
        .GroupBy(line => (line.Meter, line.Attributes))
        .Select(same => new RefundLine(same.Key.Meter, same.Key.Attributes, Left(same.Key.Meter, same.Key.Attributes)))
        .Where(line => line.Quantity > 0)
        .ToItems();

    /// <summary>A line that is named twice is asked for once: together they must not be more than is left of it.</summary>
    private static Items<RefundLine> Merged(Items<RefundLine> asked) => asked
        .GroupBy(line => (line.Meter, line.Attributes))
        .Select(same => new RefundLine(same.Key.Meter, same.Key.Attributes, same.Aggregate(0L, (sum, line) => Capped.Sum(sum, line.Quantity))))
        .ToItems();

    private long Left(string meter, Attributes attributes) =>
        lines.Where(line => Is(line, meter, attributes)).Sum(line => line.Charged) - before.Of(meter, attributes);

    private static bool Is(UsedLine line, string meter, Attributes attributes) => line.Meter == meter && line.Attributes.Equals(attributes);

    private Refused? TryAdd(List<(LimitGroup Group, long Amount)> amounts, RefundLine back, int index)
    {
        var left = Left(back.Meter, back.Attributes);
        if (back.Quantity > left)
            return new Refused(RefusalKind.Invalid, $"lines.items[{index}].quantity", $"at most {left}: what was committed of it less what was refunded");
        var (gone, quantity) = (before.Of(back.Meter, back.Attributes), back.Quantity);
        foreach (var line in lines)
            if (Is(line, back.Meter, back.Attributes)) Add(amounts, line, ref gone, ref quantity);
        return null;
    }

    /// <summary>A line is rated once (rule 19), so a part of it is worth what the rest is rated less.</summary>
    private void Add(List<(LimitGroup Group, long Amount)> amounts, UsedLine line, ref long gone, ref long quantity)
    {
        var goneHere = Math.Min(gone, line.Charged);
        var backHere = Math.Min(quantity, line.Charged - goneHere);
        gone -= goneHere;
        quantity -= backHere;
        foreach (var group in plan.Plan.Groups)
            if (group.Covers(line.Meter, line.Unit, line.Attributes)) Add(amounts, group, Worth(line, group, goneHere, backHere));
    }

    private static long Worth(UsedLine line, LimitGroup group, long gone, long back)
    {
        if (!group.IsMoney) return back;
        var rated = line.Ratings?.FirstOrDefault(one => one.Group == group.Label);
        return rated is null
            ? 0
            : Rating.Amount(line.Charged - gone, rated.Price, rated.MarkupPpm) - Rating.Amount(line.Charged - gone - back, rated.Price, rated.MarkupPpm);
    }

    private static void Add(List<(LimitGroup Group, long Amount)> amounts, LimitGroup group, long amount)
    {
        var at = amounts.FindIndex(one => one.Group == group);
        if (at < 0) amounts.Add((group, amount));
        else amounts[at] = (group, amounts[at].Amount + amount);
    }

    /// <summary>Puts it back, so that the room says what is free once all is given back.</summary>
    private (Room Room, List<Part> Parts) GiveBack(LimitGroup group, long amount)
    {
        var draw = charged.First(one => one.Group == group.Label);
        var window = new Window(draw.Start, draw.End);
        var room = new Room(context, context.TermsOf(plan, group, period, window), draw.Since, window, grants);
        var back = Parts.Last(Net(draw), amount);
        foreach (var part in back)
            if (part.Bucket != Bucket.Overage || context.State.Period(period) is not null) room.Return(part);
        return (room, back);
    }

    /// <summary>Nobody can take any more of a closed period, nor of windows that state has forgotten, because nothing can change in them.</summary>
    private bool IsOver(Draw draw) => context.State.Use(draw.Group, draw.Since)?.At(draw.Start) is null
        || (plan.Plan.Group(draw.Group)!.Window == WindowLength.BillingPeriod && context.State.Period(period) is null);

    private List<Part> Net(Draw draw)
    {
        var parts = draw.Parts.ToList();
        foreach (var gone in unused.Where(one => one.Group == draw.Group).SelectMany(one => one.Parts)) Subtract(parts, gone);
        for (var i = 0; i < parts.Count; i++) parts[i] = parts[i] with { Amount = parts[i].Amount - before.Of(draw, parts[i]) };
        return parts;
    }

    private static void Subtract(List<Part> parts, Part gone)
    {
        var at = parts.FindIndex(part => part.Bucket == gone.Bucket && part.Grant == gone.Grant);
        parts[at] = parts[at] with { Amount = parts[at].Amount - gone.Amount };
    }

    /// <summary>Afterwards it is a negative adjustment in the open period, naming its origin.</summary>
    private int? AdjustsPeriod() =>
        context.State.Period(period) is not null ? null : (context.State.Current ?? context.State.Ended.LastOrDefault())?.Period.Number;
}
