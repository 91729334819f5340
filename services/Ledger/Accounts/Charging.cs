using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>
/// Charges actual lines: first to what the hold has in each group, then, as excess, to the rest of its run (rule 13) and to whatever room every
/// matching group still has, in whole quantities (rule 8). Unlimited (post-paid), what no bucket has goes to the last one.
/// </summary>
internal sealed class Charging(Context context, PlanInForce plan, Hold? hold, bool limited, string field = "lines")
{
    private readonly GrantRoom grants = new(context);
    private readonly Hold? run = hold is null ? null : Runs.Of(context.State, hold);
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

    /// <summary>Charges as much of the hold's own lines, in their order, as it still pays for: the children of a run have taken of it.</summary>
    public void AddHeld(Hold held)
    {
        foreach (var line in held.Lines)
        {
            var asked = Demand.AsReserved(new(line.Meter, line.Unit, line.Attributes, line.Quantity, []), plan.Plan, held);
            var matching = Demand.GroupsOf(plan.Plan, asked);
            var paid = matching.Min(group => Demand.Most(asked, group, Of(group).Unspent, held.At));
            if (paid > 0) Charge(asked with { Quantity = paid }, matching, paid, held.At);
        }
    }

    /// <summary>What was held, plus any excess, per group.</summary>
    public Items<Draw> Draws()
    {
        foreach (var draw in hold?.Draws ?? []) Of(draw);
        return groups.Where(group => group.HasAny).Select(group => group.Draw()).ToItems();
    }

    /// <summary>Of the draws, what the rest of the run paid for.</summary>
    public Items<Draw>? FromRun() =>
        groups.Exists(group => group.FromRun.Count > 0)
            ? groups.Where(group => group.FromRun.Count > 0).Select(group => group.Room.Draw(group.FromRun.ToItems())).ToItems()
            : null;

    /// <summary>What was held and not used, in reverse order of the draw. Call after <see cref="Draws"/>.</summary>
    public Items<Draw> Unused()
    {
        var back = groups.Where(group => group.Unspent > 0).Select(group => (group.Room, Parts: group.GiveBack(group.Unspent))).ToArray();
        return back.Select(one => one.Room.Draw(one.Parts.ToItems())).ToItems();
    }

    private void Add(AskedLine asked, DateTimeOffset pricedAt)
    {
        var line = hold is null ? asked : Demand.AsReserved(asked, plan.Plan, hold);
        var matching = Demand.GroupsOf(plan.Plan, line);
        if (!Demand.IsPriced(line, matching, pricedAt)) matching.Clear();
        var charged = matching.Count == 0 ? 0 : line.Quantity;
        if (limited)
            foreach (var group in matching) charged = Math.Min(charged, Demand.Most(line, group, Of(group).Budget, pricedAt));
        Charge(line, matching, charged, pricedAt);
        foreach (var group in matching) Of(group).MustFit();
    }

    private void Charge(AskedLine line, List<LimitGroup> matching, long charged, DateTimeOffset pricedAt)
    {
        foreach (var group in matching) Of(group).Spend(Demand.Amount(line, group, charged, pricedAt));
        lines.Add(Demand.Record(line, matching, charged, pricedAt));
    }

    private void Of(Draw draw) => Of(plan.Plan.Group(draw.Group)!);

    private GroupCharge Of(LimitGroup group)
    {
        var known = groups.Find(one => one.Room.Group.Label == group.Label);
        if (known is not null) return known;
        var added = new GroupCharge(context.RoomOf(plan, hold, group, grants), hold, run);
        groups.Add(added);
        return added;
    }

    private sealed class GroupCharge
    {
        private readonly List<Part> parts;
        private readonly List<Part> rest;
        private readonly Hold? run;
        private readonly long held;
        private long spent;

        public GroupCharge(Room room, Hold? hold, Hold? run)
        {
            (Room, this.run) = (room, run);
            (parts, rest) = (Runs.Rest(hold, room.Group.Label), Runs.Rest(run, room.Group.Label));
            held = Parts.Sum(parts);
        }

        public Room Room { get; }
        public List<Part> FromRun { get; } = [];
        public bool HasAny => parts.Count > 0;
        public long Unspent => Math.Max(0, held - spent);
        public long Budget => Capped.Sum(Unspent, Capped.Sum(Parts.Sum(rest), Room.AvailableToCommit));

        public void Spend(long amount)
        {
            var excess = Math.Max(0, amount - Unspent);
            spent = checked(spent + amount);
            if (excess > 0) excess -= TakeFromRun(excess);
            if (excess > 0) Room.Take(excess, parts);
        }

        /// <summary>For what excess took: what was held was found to fit when it was reserved.</summary>
        public void MustFit() => Room.MustFit(parts);

        private long TakeFromRun(long excess)
        {
            var taken = Parts.TakeFirst(rest, excess);
            foreach (var part in taken)
            {
                Parts.Add(FromRun, part);
                Parts.Add(parts, part);
            }
            return Parts.Sum(taken);
        }

        public Draw Draw() => Room.Draw(parts.ToItems());

        /// <summary>What goes back to the run is as little free as before.</summary>
        public List<Part> GiveBack(long amount)
        {
            var back = Parts.Last(parts, amount);
            if (run is null) back.ForEach(Room.Return);
            return back;
        }
    }
}
