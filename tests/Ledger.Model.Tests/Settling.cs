using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Model;

/// <summary>Rules 7–9 and 11: commit, release, expiry, refund.</summary>
internal sealed partial class LedgerModel
{
    private Booking? Find(Guid id) => bookings.Find(one => one.Id == id);

    private Refused? NotOpen(Guid reservation) => Find(reservation) switch
    {
        null => No(RefusalKind.NotFound, "reservation_id"),
        { Is: State.Open } => null,
        _ => No(RefusalKind.Settled, "reservation_id"),
    };

    private Answer Release(Release command) =>
        NotOpen(command.Reservation) ?? (Answer)Yes(GiveBack(Find(command.Reservation)!, ReleaseReason.Released, By(command)));

    private Released GiveBack(Booking hold, ReleaseReason reason, Cause? cause)
    {
        var draws = Holdings(hold).Where(one => one.Parts.Count > 0)
            .Select(one => DrawOf(one.Spot, LastOf(one.Parts, one.Parts.Sum(part => part.Amount))));
        return new Released(at, cause, hold.Id, reason, draws.ToItems(), hold.OpenRun?.Id);
    }

    private Answer Commit(Commit command)
    {
        if (NotOpen(command.Reservation) is { } refused) return refused;
        var hold = Find(command.Reservation)!;
        if (command.Actual is { } actual) return CommitActual(command, hold, actual.Select(line => AsHeld(line, hold)));
        return hold.WasCarved ? CommitActual(command, hold, hold.Lines.Select(Asked).Select(line => AsHeld(line, hold)), ofRest: true) : Yes(new Committed(
            at, By(command), hold.Id, hold.Term.Assignment, hold.Period!.Value, hold.Lines.ToItems(),
            Holdings(hold).Where(one => one.Parts.Count > 0).Select(one => DrawOf(one.Spot, one.Parts)).ToItems()));
    }

    private static AskedLine Asked(UsedLine line) => new(line.Meter, line.Unit, line.Attributes, line.Quantity, []);

    /// <summary>Hold and actual are compared per group; the excess takes what every group of its line has, in whole quantities (rule 8).</summary>
    /// <param name="ofRest">As much of the lines as the hold still pays for: what is left of a run when it is charged as a whole.</param>
    private Done CommitActual(Commit command, Booking hold, IEnumerable<AskedLine> actual, bool ofRest = false)
    {
        var groups = Holdings(hold).ToDictionary(one => one.Spot.Group, one => new Spending(one.Spot, one.Parts, RestOf(hold.OpenRun, one.Spot.Group)));
        Spending In(LimitGroup group)
        {
            if (!groups.TryGetValue(group.Label, out var spending))
                groups.Add(group.Label, spending = new Spending(SpotOf(hold, hold.Term, group), [], RestOf(hold.OpenRun, group.Label)));
            return spending;
        }
        var lines = new List<UsedLine>();
        foreach (var line in actual)
        {
            var matching = Priced(line, Covering(hold.Term.Plan, line), hold.At);
            var charged = matching.Count == 0 ? 0 : matching.Min(group => MostOf(line, group, BudgetOf(In(group), ofRest), hold.At));
            foreach (var group in matching) Spend(In(group), AmountOf(line, group, charged, hold.At));
            if (!ofRest) lines.Add(Recorded(line, matching, charged, hold.At));
            else if (charged > 0) lines.Add(Recorded(line with { Quantity = charged }, matching, charged, hold.At));
        }
        draft.Clear();
        var committed = new Committed(
            at, By(command), hold.Id, hold.Term.Assignment, hold.Period!.Value, lines.ToItems(),
            groups.Values.Where(one => one.Parts.Count > 0).Select(one => DrawOf(one.Spot, one.Parts)).ToItems(),
            groups.Values.Any(one => one.FromRun.Count > 0)
                ? groups.Values.Where(one => one.FromRun.Count > 0).Select(one => DrawOf(one.Spot, one.FromRun)).ToItems()
                : null);
        var unused = groups.Values.Where(one => one.Unspent > 0).Select(one => DrawOf(one.Spot, LastOf(one.Parts, one.Unspent))).ToItems();
        return unused.Count == 0
            ? Yes(committed)
            : Yes(committed, new Refunded(at, By(command), hold.Id, hold.Period.Value, null, Refunded.Unused, [], unused, ToParent: hold.OpenRun?.Id));
    }

    private void Spend(Spending spending, long amount)
    {
        var excess = Math.Max(0, amount - spending.Unspent);
        spending.Spent += amount;
        var rest = FirstOf(spending.Rest, excess);
        foreach (var part in rest)
        {
            Merge(spending.Parts, part);
            Merge(spending.FromRun, part);
            Merge(spending.Rest, part with { Amount = -part.Amount });
        }
        excess -= rest.Sum(part => part.Amount);
        if (excess == 0) return;
        var draws = new Dictionary<string, (Spot Spot, List<Part> Parts)> { [spending.Spot.Group] = (spending.Spot, spending.Parts) };
        Take(draws, spending.Spot, excess);
    }

    /// <summary>What the hold has left, what its run has left, what is free, and what may pass the limit.</summary>
    private Int128 BudgetOf(Spending spending, bool ofRest)
    {
        if (ofRest) return spending.Unspent;
        var spot = spending.Spot;
        var beyond = Math.Max(0, -Free(spot, spot.Terms.Overage is null ? Bucket.Quota : Bucket.Overage));
        return (Int128)spending.Unspent + spending.Rest.Sum(part => part.Amount) + Available(spot) + Math.Max(0, spot.Terms.CommitAllowance - beyond);
    }

    /// <summary>The most of a line that comes to no more than a budget.</summary>
    private static long MostOf(AskedLine line, LimitGroup group, Int128 budget, DateTimeOffset when)
    {
        bool Fits(long quantity) => AmountOf(line, group, quantity, when) <= budget;
        if (Fits(line.Quantity)) return line.Quantity;
        // an amount never falls when the quantity rises, and is at most half a unit off quantity × price
        var most = IsMoney(group) ? (long)(budget * line.Quantity / Math.Max(1, AmountOf(line, group, line.Quantity, when))) : (long)budget;
        while (most > 0 && !Fits(most)) most--;
        while (most < line.Quantity && Fits(most + 1)) most++;
        return most;
    }

    private sealed class Spending(Spot spot, List<Part> parts, List<Part> rest)
    {
        private readonly long held = parts.Sum(part => part.Amount);

        public Spot Spot { get; } = spot;
        public List<Part> Parts { get; } = parts;
        public List<Part> Rest { get; } = rest;
        public List<Part> FromRun { get; } = [];
        public long Spent { get; set; }
        public long Unspent => Math.Max(0, held - Spent);
    }

    /// <summary>What a hold has set aside, per group.</summary>
    private List<(Spot Spot, List<Part> Parts)> Holdings(Booking hold) => hold.Windows.Keys
        .Select(label => (SpotOf(hold, hold.Term, hold.Term.Plan.Groups.First(group => group.Label == label)),
            NetOf(hold, label, held: true)))
        .ToList();

    private List<Part> RestOf(Booking? run, string group) => run is null ? [] : NetOf(run, group, held: true);

    /// <summary>The first so much of what was drawn: what a child takes of its run.</summary>
    private static List<Part> FirstOf(List<Part> parts, long amount)
    {
        var first = new List<Part>();
        foreach (var part in parts)
        {
            var some = Math.Min(amount, part.Amount);
            if (some > 0) first.Add(part with { Amount = some });
            amount -= some;
        }
        return first;
    }

    /// <summary>The sum per bucket of all that was ever taken for it and given back again.</summary>
    private List<Part> NetOf(Booking booking, string group, bool held)
    {
        var parts = new List<Part>();
        foreach (var entry in journal)
            if (entry.Of == booking.Id && entry.Group == group && entry.IsHeld == held) Merge(parts, new Part(entry.Bucket, entry.Amount, entry.Grant));
        return parts.Where(part => part.Amount > 0).ToList();
    }

    /// <summary>In reverse order of the draw, overage first whenever it was drawn (rule 7).</summary>
    private static List<Part> LastOf(List<Part> parts, long amount)
    {
        var last = new List<Part>();
        foreach (var part in Enumerable.Reverse(parts).OrderByDescending(part => part.Bucket == Bucket.Overage))
        {
            var some = Math.Min(amount, part.Amount);
            if (some > 0) last.Add(part with { Amount = some });
            amount -= some;
        }
        return last;
    }

    private static Draw DrawOf(Spot spot, List<Part> parts) =>
        new(spot.Group, spot.Since, spot.Window.Start, spot.Window.End, parts.ToItems(), 0);

    // ---- refunds

    private Answer Refund(Refund command)
    {
        if (Find(command.Reservation) is not { } usage) return No(RefusalKind.NotFound, "reservation_id");
        if (usage.Is == State.Open) return No(RefusalKind.Conflict, "reservation_id");
        if (usage.Is == State.GivenBack) return No(RefusalKind.Settled, "reservation_id");
        var back = Lines(command.Lines?.Select(line => (line.Meter, line.Attributes, line.Quantity))
            ?? usage.Lines.Select(line => (line.Meter, line.Attributes, line.Charged)).Concat(usage.Refunded.Select(line => (line.Meter, line.Attributes, -line.Quantity))));
        if (back.Count == 0) return No(RefusalKind.Conflict, "reservation_id");
        var amounts = new List<(LimitGroup Group, long Amount)>();
        for (var i = 0; i < back.Count; i++)
        {
            if (back[i].Quantity > LeftOf(usage, back[i])) return No(RefusalKind.Invalid, $"lines.items[{i}].quantity");
            foreach (var (group, amount) in WorthOf(usage, back[i])) Need(amounts, group, amount);
        }
        var draws = amounts.Where(one => one.Amount > 0).Select(one => Given(usage, one.Group, one.Amount)).ToItems();
        var period = usage.Period is { } number ? stretches[number - 1] : null;
        return Yes(new Refunded(
            at, By(command), usage.Id, period?.Number ?? 0, period is { IsClosed: false } ? null : (Current ?? stretches.FindLast(one => !one.IsClosed))?.Number,
            command.Reason, back, draws, command.RestoreUntil, null, ChargeBacks(period, draws)));
    }

    private static Items<RefundLine> Lines(IEnumerable<(string Meter, Attributes Attributes, long Quantity)> lines) => lines
        .GroupBy(line => (line.Meter, line.Attributes))
        .Select(same => new RefundLine(same.Key.Meter, same.Key.Attributes, same.Sum(line => line.Quantity)))
        .Where(line => line.Quantity > 0)
        .ToItems();

    private static bool Same(RefundLine one, string meter, Attributes attributes) => one.Meter == meter && one.Attributes.Equals(attributes);

    private static long RefundedOf(Booking usage, RefundLine line) =>
        usage.Refunded.Where(one => Same(one, line.Meter, line.Attributes)).Sum(one => one.Quantity);

    private static long LeftOf(Booking usage, RefundLine line) =>
        usage.Lines.Where(one => Same(line, one.Meter, one.Attributes)).Sum(one => one.Charged) - RefundedOf(usage, line);

    /// <summary>A line is rated once, so a part of it is worth what the rest is rated less (rule 19).</summary>
    private static IEnumerable<(LimitGroup Group, long Amount)> WorthOf(Booking usage, RefundLine line)
    {
        var (gone, quantity) = (RefundedOf(usage, line), line.Quantity);
        foreach (var one in usage.Lines.Where(one => Same(line, one.Meter, one.Attributes)))
        {
            var left = one.Charged - Math.Min(gone, one.Charged);
            gone -= one.Charged - left;
            var back = Math.Min(quantity, left);
            quantity -= back;
            var asked = new AskedLine(one.Meter, one.Unit, one.Attributes, one.Quantity, []);
            foreach (var group in usage.Term.Plan.Groups.Where(group => Covers(group, asked)))
                if (!IsMoney(group)) yield return (group, back);
                else if (one.Ratings?.FirstOrDefault(rated => rated.Group == group.Label) is { } rated)
                    yield return (group, Rating.Amount(left, rated.Price, rated.MarkupPpm) - Rating.Amount(left - back, rated.Price, rated.MarkupPpm));
        }
    }

    private Draw Given(Booking usage, LimitGroup group, long amount)
    {
        var window = usage.Windows[group.Label];
        return new Draw(group.Label, usage.Term.Since[group.Label], window.Start, window.End, LastOf(NetOf(usage, group.Label, held: false), amount).ToItems(), 0);
    }

    /// <summary>What a closed period's charge would be less: f(old net overage) − f(new), at the price it was closed with.</summary>
    private Items<ChargeBack>? ChargeBacks(Stretch? period, Items<Draw> draws)
    {
        if (period is not { IsClosed: true }) return null;
        var backs = new List<ChargeBack>();
        foreach (var draw in draws)
        {
            var back = draw.Parts.Where(part => part.Bucket == Bucket.Overage).Sum(part => part.Amount);
            if (back == 0) continue;
            var terms = period.Groups.First(one => one.Since == draw.Since && one.Terms.Label == draw.Group).Terms;
            bool Counts(Entry one) => one.Bucket == Bucket.Overage && !one.IsHeld && one.Period == period.Number && one.Group == draw.Group
                && one.Since == draw.Since && (!IsByWindow(terms) || one.Window.Start == draw.Start);
            var before = IsByWindow(terms) ? period.Closed!.Groups.First(one => one.Group == draw.Group && one.Since == draw.Since).Windows!
                .First(one => one.Start == draw.Start).Before : 0;
            var net = before + Sum(Counts);
            backs.Add(new ChargeBack(
                draw.Group, draw.Since, IsByWindow(terms) ? draw.Start : period.Start, back, ChargeOf(terms, net) - ChargeOf(terms, net - back)));
        }
        return backs.Count == 0 ? null : backs.ToItems();
    }
}
