using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>Why lines are admitted or not: the verdict is that of the command itself, the groups are asked in the same order, one after another.</summary>
internal static class Explaining
{
    public static Answer Of(Context context, Explain command)
    {
        if (command.Reservation is { } reservation)
            return context.State.Holds.TryGetValue(reservation, out var hold) ? OfExtend(context, hold, command.Lines) : NotOpen("reservation_id");
        if (command.Parent is { } parent && !context.State.Holds.ContainsKey(parent)) return NotOpen("parent_id");
        var run = command.Parent is { } id ? context.State.Holds[id] : null;
        var plan = run is null ? context.State.Plan : context.State.PlanOf(run.Assignment);
        var verdict = Reserving.Check(context, new Check(command.Lines, command.Parent));
        return Of(context, plan is null ? null : new Terms(plan, run, run, "lines"), command.Lines, verdict);
    }

    private static Answer OfExtend(Context context, Hold hold, Items<AskedLine> lines)
    {
        var terms = new Terms(context.State.PlanOf(hold.Assignment), hold, Runs.Of(context.State, hold), "lines");
        return Of(context, terms, lines, Verdict(context, terms, lines));
    }

    /// <summary>What an Extend by these lines is answered.</summary>
    private static Answer Verdict(Context context, Terms terms, Items<AskedLine> lines)
    {
        if (context.State.Suspended) return Admission.Deny(context, DenialReason.Suspended);
        var (admitted, refusal) = Admission.Admit(context, terms, lines);
        return admitted is null ? refusal! : new Allowed(admitted.Draws, context.At, context.State.AppendedRevision);
    }

    private static Refused NotOpen(string field) => new(RefusalKind.NotFound, field, "the id of a reservation that was open");

    private static Answer Of(Context context, Terms? under, Items<AskedLine> lines, Answer verdict)
    {
        if (verdict is Refused) return verdict;
        if (under is not { } terms) return new Explained(verdict, null, lines.Select(NotCounted).ToItems(), []);
        var (plan, hold) = (terms.Plan.Plan, terms.Hold);
        var asked = hold is null ? lines : lines.Select(line => Demand.AsReserved(line, plan, hold)).ToItems();
        var needs = new List<(LimitGroup Group, long Amount)>();
        var explained = asked.Select(line => Of(plan, line, hold?.At ?? context.At, needs)).ToItems();
        return new Explained(verdict, plan, explained, Of(context, terms, needs));
    }

    private static ExplainedLine NotCounted(AskedLine line) =>
        new(new UsedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, 0, null), [], true);

    private static ExplainedLine Of(Plan plan, AskedLine line, DateTimeOffset pricedAt, List<(LimitGroup Group, long Amount)> needs)
    {
        var groups = Demand.GroupsOf(plan, line);
        var priced = Demand.IsPriced(line, groups, pricedAt);
        foreach (var group in priced ? groups : [])
        {
            var at = needs.FindIndex(need => need.Group == group);
            var amount = Demand.Amount(line, group, line.Quantity, pricedAt);
            if (at < 0) needs.Add((group, amount));
            else needs[at] = (group, Capped.Sum(needs[at].Amount, amount));
        }
        return new(Demand.Record(line, groups, line.Quantity, pricedAt), groups.Select(group => group.Label).ToItems(), priced);
    }

    // what fits is taken, so that the next group sees what is left of credits that they share
    private static Items<ExplainedGroup> Of(Context context, Terms terms, List<(LimitGroup Group, long Amount)> needs)
    {
        var grants = new GrantRoom(context);
        var groups = new List<ExplainedGroup>(needs.Count);
        foreach (var (group, needed) in needs)
        {
            var room = context.RoomOf(terms.Plan, terms.Hold, group, grants);
            var available = terms.Run is null ? room.Available : Parts.Sum(Runs.Rest(terms.Run, group.Label));
            groups.Add(Of(context, room, grants, available, needed));
            if (terms.Run is null && groups[^1].Fits) room.Take(needed, []);
        }
        return groups.ToItems();
    }

    private static ExplainedGroup Of(Context context, Room room, GrantRoom grants, long available, long needed)
    {
        var (group, use) = (room.Group, room.Use);
        return new ExplainedGroup(
            group.Label, group.Unit, group.Kind, room.Window.Start, room.Window.End, room.Limit,
            context.State.OwnLimit(group.Label) is not null,
            use?.RolloverSize ?? 0, use?.Used ?? 0, use?.Held ?? 0, group.Kind == GroupKind.Funding ? grants.Free(group.Unit) : 0,
            (use?.OverageUsed ?? 0) + (use?.OverageHeld ?? 0), group.Overage?.Cap ?? 0, available, needed);
    }
}
