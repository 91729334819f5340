using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>
/// Charges actual lines: first to what the hold has in each group, then, as excess, to whatever room every matching group still has, in whole
/// quantities (rule 8). Unlimited (post-paid), what no bucket has goes to the last one.
/// </summary>
internal sealed class Charging(Context context, PlanInForce plan, Hold? hold, bool limited, string field = "lines")
{
    private readonly GrantRoom grants = new(context);
    private readonly List<GroupCharge> groups = [];
    private readonly List<UsedLine> lines = [];

    public Items<UsedLine> Lines => lines.ToItems();

    /// <summary>Charges the lines one after another; refuses amounts that do not fit in 64 bits.</summary>
    public Refused? Add(Items<AskedLine> asked, DateTimeOffset pricedAt)
    {
        for (var i = 0; i < asked.Count; i++)
        {
            try
            {
                Add(asked[i], pricedAt);
            }
            catch (OverflowException)
            {
                return new Refused(RefusalKind.Invalid, $"{field}[{i}].quantity", "the amounts of this command must fit in 64 bits");
            }
        }
        return null;
    }

    /// <summary>What was held, plus any excess, per group.</summary>
    public Items<Draw> Draws()
    {
        foreach (var draw in hold?.Draws ?? []) Of(draw);
        return groups.Where(group => group.HasAny).Select(group => group.Draw()).ToItems();
    }

    /// <summary>What was held and not used, in reverse order of the draw. Call after <see cref="Draws"/>.</summary>
    public Items<Draw> Unused() => groups.Where(group => group.Unspent > 0).Select(group => group.GiveBack(group.Unspent)).ToItems();

    private void Add(AskedLine asked, DateTimeOffset pricedAt)
    {
        var line = hold is null ? asked : Demand.AsReserved(asked, plan.Plan, hold);
        var matching = Demand.GroupsOf(plan.Plan, line);
        if (!Demand.IsPriced(line, matching, pricedAt)) matching.Clear();
        var charged = matching.Count == 0 ? 0 : line.Quantity;
        if (limited)
            foreach (var group in matching) charged = Math.Min(charged, Demand.Most(line, group, Of(group).Budget, pricedAt));
        foreach (var group in matching) Of(group).Spend(Demand.Amount(line, group, charged, pricedAt));
        lines.Add(Demand.Record(line, matching, charged, pricedAt));
    }

    private void Of(Draw draw) => Of(plan.Plan.Group(draw.Group)!);

    private GroupCharge Of(LimitGroup group)
    {
        var known = groups.Find(one => one.Room.Group.Label == group.Label);
        if (known is not null) return known;
        var added = new GroupCharge(context.RoomOf(plan, hold, group, grants), hold);
        groups.Add(added);
        return added;
    }

    private sealed class GroupCharge
    {
        private readonly List<Part> parts = [];
        private readonly long held;
        private long spent;

        public GroupCharge(Room room, Hold? hold)
        {
            Room = room;
            foreach (var draw in hold?.Draws ?? [])
                if (draw.Group == room.Group.Label)
                    foreach (var part in draw.Parts) Parts.Add(parts, part);
            foreach (var part in parts) held += part.Amount;
        }

        public Room Room { get; }
        public bool HasAny => parts.Count > 0;
        public long Unspent => Math.Max(0, held - spent);
        public long Budget => Room.AvailableToCommit > long.MaxValue - Unspent ? long.MaxValue : Unspent + Room.AvailableToCommit;

        public void Spend(long amount)
        {
            var excess = Math.Max(0, amount - Unspent);
            spent = checked(spent + amount);
            if (excess > 0) Room.Take(excess, parts);
            Room.MustFit(parts);
        }

        public Draw Draw() => Room.Draw(parts.ToItems());

        public Draw GiveBack(long amount)
        {
            var back = Parts.Last(parts, amount);
            foreach (var part in back) Room.Return(part);
            return Room.Draw(back.ToItems());
        }
    }
}
