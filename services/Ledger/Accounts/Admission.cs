using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>What an admitted command takes: its lines as recorded and one draw per group.</summary>
internal sealed record Admitted(Items<UsedLine> Lines, Items<Draw> Draws);

/// <summary>What a command is admitted under.</summary>
/// <param name="Hold">The hold whose windows and prices count; none: those of now.</param>
/// <param name="Run">The run that it is carved from, where it needs no other room (rule 13).</param>
/// <param name="Field">The request's field of lines.</param>
internal readonly record struct Terms(PlanInForce Plan, Hold? Hold, Hold? Run, string Field);

/// <summary>Rules 1–4: all lines together or none, every matching group must have room, funding groups drawn in order.</summary>
internal static class Admission
{
    /// <summary>Either what is taken, or why not. What is added to a hold counts in its windows, at its prices.</summary>
    public static (Admitted? Admitted, Answer? Refusal) Admit(Context context, Terms terms, Items<AskedLine> lines)
    {
        var (plan, hold) = (terms.Plan.Plan, terms.Hold);
        var asked = hold is null ? lines : lines.Select(line => Demand.AsReserved(line, plan, hold)).ToItems();
        return Admit(context, terms, asked, hold?.At ?? context.At);
    }

    private static (Admitted? Admitted, Answer? Refusal) Admit(Context context, Terms terms, Items<AskedLine> asked, DateTimeOffset pricedAt)
    {
        var needs = new List<(LimitGroup Group, long Amount)>();
        var recorded = new UsedLine[asked.Count];
        for (var i = 0; i < asked.Count; i++)
        {
            var groups = Demand.GroupsOf(terms.Plan.Plan, asked[i]);
            if (groups.Count == 0) return (null, Deny(context, DenialReason.Unmatched, asked[i]));
            if (!Demand.IsPriced(asked[i], groups, pricedAt)) return (null, Deny(context, DenialReason.Unpriced, asked[i]));
            if (TryAdd(needs, asked[i], groups, pricedAt) is not { } line) return (null, TooLarge(terms.Field, i));
            recorded[i] = line;
        }
        try
        {
            var (draws, refusal) = Draw(context, terms, needs);
            return refusal is null ? (new Admitted(new(recorded), draws!), null) : (null, refusal);
        }
        catch (OverflowException)
        {
            return (null, TooLarge(terms.Field, 0));
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

    private static (Items<Draw>? Draws, Denied? Denied) Draw(Context context, Terms terms, List<(LimitGroup Group, long Amount)> needs)
    {
        var grants = new GrantRoom(context);
        var taken = new (Room Room, List<Part> Parts)[needs.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            var (group, amount) = needs[i];
            var room = context.RoomOf(terms.Plan, terms.Hold, group, grants);
            var (parts, denied) = terms.Run is null ? Take(context, room, amount) : Carve(context, terms.Run, room, amount);
            if (parts is null) return (null, denied);
            taken[i] = (room, parts);
        }
        // what is left of a group is so after all that the command takes: groups share credits
        return (new(Array.ConvertAll(taken, one => one.Room.Draw(one.Parts.ToItems()))), null);
    }

    private static (List<Part>? Parts, Denied? Denied) Take(Context context, Room room, long amount)
    {
        if (amount > room.Available) return (null, Deny(context, room, amount));
        var parts = new List<Part>(2);
        room.Take(amount, parts);
        room.MustFit(parts);
        return (parts, null);
    }

    private static (List<Part>? Parts, Denied? Denied) Carve(Context context, Hold run, Room room, long amount)
    {
        var rest = Runs.Rest(run, room.Group.Label);
        return amount > Parts.Sum(rest) ? (null, DenyRun(context, room, amount, Parts.Sum(rest))) : (Parts.TakeFirst(rest, amount), null);
    }

    private static Denied Deny(Context context, Room room, long needed) => new(
        room.Group.Kind == GroupKind.Cap ? DenialReason.CapReached : DenialReason.FundingExhausted, room.Group.Label, null, needed,
        room.Limit, room.Use?.Used ?? 0, room.Use?.Held ?? 0, room.Available,
        room.Window.End == DateTimeOffset.MaxValue ? null : room.Window.End, context.At, context.State.AppendedRevision);

    /// <summary>A run's budget does not start anew when the window does.</summary>
    private static Denied DenyRun(Context context, Room room, long needed, long rest) =>
        Deny(context, room, needed) with { Reason = DenialReason.RunBudget, Remaining = rest, ResetsAt = null };
}
