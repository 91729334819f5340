namespace Metering.Ledger.Accounts;

/// <summary>
/// Runs (rule 13): a reservation that others are carved from, one level deep. A child has the run's plan, period, prices and windows and takes of what
/// the run holds, first drawn first, so that no bucket holds more than before. What it does not use returns to the run while that is open.
/// </summary>
internal static class Runs
{
    private const string Field = "parent_id";

    /// <summary>The run that a command names; neither if it names none.</summary>
    /// <param name="past">What the stream says of it if it is not open.</param>
    public static (Hold? Run, Answer? Refusal) Find(Context context, Guid? parent, Past? past)
    {
        if (parent is not { } id) return (null, null);
        if (!context.State.Holds.TryGetValue(id, out var run)) return (null, Settling.NotOpen(id, past, Field).Answer);
        if (run.Parent is not null) return (null, new Refused(RefusalKind.Invalid, Field, "a reservation that is nobody's child itself"));
        return run.Deadline > context.At
            ? (run, null)
            : (null, new Refused(RefusalKind.Conflict, Field, $"a run whose deadline is to come; this one's was {run.Deadline:O}: extend it first"));
    }

    /// <summary>A child ends no later than its run: its deadline comes first, its grace is what that leaves.</summary>
    public static Reserved Reserved(Context context, Reserve command, Hold run, Admitted admitted)
    {
        var asked = context.At + command.TimeToLive;
        var deadline = asked < run.Deadline ? asked : run.Deadline;
        var most = run.ExpiresAt - deadline;
        return new Reserved(
            context.At, new Cause(command.Id, command.Content), command.Id, run.Assignment, run.Period, deadline,
            command.Grace < most ? command.Grace : most, admitted.Lines, admitted.Draws, run.Reservation);
    }

    /// <summary>The run that a hold was carved from, while it is open.</summary>
    public static Hold? Of(LedgerState state, Hold hold) => hold.Parent is { } parent ? state.Holds.GetValueOrDefault(parent) : null;

    /// <summary>The latest deadline of a child whose grace is given: neither it nor its end comes after the run's.</summary>
    public static DateTimeOffset LatestDeadline(Hold run, TimeSpan grace) => grace > run.Grace ? run.ExpiresAt - grace : run.Deadline;

    /// <summary>What a hold has of a group, of a run its rest, in the order of the draw.</summary>
    public static List<Part> Rest(Hold? hold, string group)
    {
        var rest = new List<Part>();
        foreach (var draw in hold?.Draws ?? [])
            if (draw.Group == group)
                foreach (var part in draw.Parts) Parts.Add(rest, part);
        return rest;
    }

    /// <summary>Takes the parts away. A draw stays when all is gone of it: it says in which window its group counts.</summary>
    public static void Carve(Hold run, Draw taken)
    {
        var gone = taken.Parts.ToList();
        run.Draws = run.Draws.Select(draw => draw.Group == taken.Group ? draw with { Parts = Less(draw.Parts, gone) } : draw).ToItems();
        if (gone.Exists(part => part.Amount > 0)) throw new InvalidOperationException($"run {run.Reservation} does not hold {taken}");
    }

    /// <summary>Puts parts back where they were in the order of the draw.</summary>
    public static void Return(LedgerState state, Hold run, Draw back)
    {
        var draws = run.Draws.ToArray();
        var at = Array.FindIndex(draws, draw => draw.Group == back.Group);
        if (at < 0) throw new InvalidOperationException($"run {run.Reservation} never held {back}");
        var parts = draws[at].Parts.ToList();
        foreach (var part in back.Parts) Parts.Add(parts, part);
        draws[at] = draws[at] with { Parts = parts.OrderBy(part => part.Bucket).ThenBy(part => GrantOrder(state, part)).ToItems() };
        run.Draws = new(draws);
    }

    /// <summary>The parts without what is gone; <paramref name="gone"/> keeps what was not among them.</summary>
    private static Items<Part> Less(Items<Part> parts, List<Part> gone)
    {
        var left = new List<Part>();
        foreach (var part in parts)
        {
            var at = gone.FindIndex(one => one.Bucket == part.Bucket && one.Grant == part.Grant);
            var some = at < 0 ? 0 : Math.Min(part.Amount, gone[at].Amount);
            if (some > 0) gone[at] = part with { Amount = gone[at].Amount - some };
            if (some < part.Amount) left.Add(part with { Amount = part.Amount - some });
        }
        return left.ToItems();
    }

    private static (int, DateTimeOffset, DateTimeOffset, Guid) GrantOrder(LedgerState state, Part part) =>
        part.Grant is { } grant ? GrantRoom.Order(state.Grant(grant)) : default;
}
