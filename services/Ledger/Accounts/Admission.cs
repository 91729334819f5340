using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>What an admitted command takes: its lines as recorded and one draw per group.</summary>
internal sealed record Admitted(Items<UsedLine> Lines, Items<Draw> Draws);

/// <summary>Rules 1–4: all lines together or none, every matching group must have room, funding groups drawn in order.</summary>
internal static class Admission
{
    /// <summary>Either what is taken, or why not. What is added to a hold counts in its windows, at its prices.</summary>
    public static (Admitted? Admitted, Answer? Refusal) Admit(Context context, PlanInForce plan, Hold? hold, Items<AskedLine> lines)
    {
        var pricedAt = hold?.At ?? context.At;
        var asked = hold is null ? lines : lines.Select(line => Demand.AsReserved(line, plan.Plan, hold)).ToItems();
        return Admit(context, plan, hold, asked, pricedAt);
    }

    private static (Admitted? Admitted, Answer? Refusal) Admit(
        Context context, PlanInForce plan, Hold? hold, Items<AskedLine> asked, DateTimeOffset pricedAt)
    {
        var needs = new List<(LimitGroup Group, long Amount)>();
        var recorded = new UsedLine[asked.Count];
        for (var i = 0; i < asked.Count; i++)
        {
            var groups = Demand.GroupsOf(plan.Plan, asked[i]);
            if (groups.Count == 0) return (null, Deny(context, DenialReason.Unmatched, asked[i]));
            if (!Demand.IsPriced(asked[i], groups, pricedAt)) return (null, Deny(context, DenialReason.Unpriced, asked[i]));
            if (TryAdd(needs, asked[i], groups, pricedAt) is not { } line) return (null, TooLarge(hold is null ? "lines" : "add", i));
            recorded[i] = line;
        }
        try
        {
            var (draws, refusal) = Draw(context, plan, hold, needs);
            return refusal is null ? (new Admitted(new(recorded), draws!), null) : (null, refusal);
        }
        catch (OverflowException)
        {
            return (null, TooLarge(hold is null ? "lines" : "add", 0));
        }
    }

    /// <summary>Denied for the user as a whole: no plan, or suspended.</summary>
    public static Denied Deny(Context context, DenialReason reason, AskedLine? line = null) =>
        new(reason, null, line?.Meter, line?.Quantity ?? 0, 0, 0, 0, 0, null, context.At, context.State.AppendedRevision);

    private static UsedLine? TryAdd(List<(LimitGroup Group, long Amount)> needs, AskedLine line, List<LimitGroup> groups, DateTimeOffset at)
    {
        try
        {
            foreach (var group in groups) Add(needs, group, Demand.Amount(line, group, line.Quantity, at));
            return Demand.Record(line, groups, line.Quantity, at);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static void Add(List<(LimitGroup Group, long Amount)> needs, LimitGroup group, long amount)
    {
        var at = needs.FindIndex(need => need.Group == group);
        if (at < 0) needs.Add((group, amount));
        else needs[at] = (group, checked(needs[at].Amount + amount));
    }

    private static Refused TooLarge(string field, int line) =>
        new(RefusalKind.Invalid, $"{field}[{line}].quantity", "the amounts of this command must fit in 64 bits");

    private static (Items<Draw>? Draws, Denied? Denied) Draw(
        Context context, PlanInForce plan, Hold? hold, List<(LimitGroup Group, long Amount)> needs)
    {
        var grants = new GrantRoom(context);
        var draws = new Draw[needs.Count];
        for (var i = 0; i < draws.Length; i++)
        {
            var (group, amount) = needs[i];
            var room = context.RoomOf(plan, hold, group, grants);
            if (amount > room.Available) return (null, Deny(context, room, amount));
            var parts = new List<Part>(2);
            room.Take(amount, parts);
            room.MustFit(parts);
            draws[i] = room.Draw(parts.ToItems());
        }
        return (new(draws), null);
    }

    private static Denied Deny(Context context, Room room, long needed) => new(
        room.Group.Kind == GroupKind.Cap ? DenialReason.CapReached : DenialReason.FundingExhausted, room.Group.Label, null, needed,
        room.Limit, room.Use?.Used ?? 0, room.Use?.Held ?? 0, room.Available,
        room.Window.End == DateTimeOffset.MaxValue ? null : room.Window.End, context.At, context.State.AppendedRevision);
}
