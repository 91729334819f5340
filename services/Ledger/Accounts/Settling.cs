using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>Commit, release, refund: rules 7–11.</summary>
internal static class Settling
{
    public static Decision Commit(Context context, Commit command)
    {
        if (!context.State.Holds.TryGetValue(command.Reservation, out var hold)) return NotOpen(command.Reservation, command.Past);
        return command.Actual is { } actual ? CommitActual(context, command, hold, actual) : CommitWhole(context, command, hold);
    }

    public static Decision Release(Context context, Release command) =>
        context.State.Holds.TryGetValue(command.Reservation, out var hold)
            ? Decision.Of(Release(context, hold, ReleaseReason.Released, Cause(command)))
            : NotOpen(command.Reservation, command.Past);

    /// <summary>What a hold gives back, asked for or expired.</summary>
    public static Released Release(Context context, Hold hold, ReleaseReason reason, Cause? cause)
    {
        var charge = ChargeOf(context, hold);
        charge.Draws();
        return new Released(context.At, cause, hold.Reservation, reason, charge.Unused(), Runs.Of(context.State, hold)?.Reservation);
    }

    public static Decision Refund(Context context, Refund command)
    {
        if (context.State.Holds.ContainsKey(command.Reservation))
            return Decision.Refused(RefusalKind.Conflict, "reservation_id", "it is open: commit or release it instead");
        if (command.Past is not { } past) return Decision.Answered(new NeedsPast(command.Reservation));
        if (past.Committed is null && past.Tracked is null) return NotOpen(command.Reservation, past);
        return new Refunding(context, command, past).Decide();
    }

    /// <summary>
    /// Settling a settled reservation changes nothing and says what it is (rule 9). One that the stream says was reserved and no more has expired:
    /// the fact is due, but a refusal appends nothing.
    /// </summary>
    public static Decision NotOpen(Guid reservation, Past? past, string field = "reservation_id") => past switch
    {
        null => Decision.Answered(new NeedsPast(reservation)),
        { Committed: { } e } => Decision.Refused(RefusalKind.Settled, field, $"an open reservation; it was committed at {e.At:O}"),
        { Released: { Reason: ReleaseReason.Expired } e } =>
            Decision.Refused(RefusalKind.Settled, field, $"an open reservation; it had expired by {e.At:O}"),
        { Released: { } e } => Decision.Refused(RefusalKind.Settled, field, $"an open reservation; it was released at {e.At:O}"),
        { Tracked: { } e } => Decision.Refused(RefusalKind.Settled, field, $"an open reservation; this is usage tracked at {e.At:O}"),
        { Reserved: not null } => Decision.Refused(RefusalKind.Settled, field, "an open reservation; it has expired"),
        _ => Decision.Refused(RefusalKind.NotFound, field, "the id of a reservation of this user"),
    };

    private static Decision CommitWhole(Context context, Commit command, Hold hold)
    {
        var charge = ChargeOf(context, hold);
        if (!hold.IsRun) return Decision.Of(Committed(context, command, hold, hold.Lines, charge.Draws()));
        charge.AddHeld(hold);
        return Charged(context, command, hold, charge);
    }

    private static Decision CommitActual(Context context, Commit command, Hold hold, Items<AskedLine> actual)
    {
        var charge = ChargeOf(context, hold);
        return charge.Add(actual, hold.At) is { } refused ? Decision.Answered(refused) : Charged(context, command, hold, charge);
    }

    private static Charging ChargeOf(Context context, Hold hold) =>
        new(context, context.State.PlanOf(hold.Assignment), hold, limited: true, "actual.items");

    private static Decision Charged(Context context, Commit command, Hold hold, Charging charge)
    {
        var committed = Committed(context, command, hold, charge.Lines, charge.Draws()) with { FromParent = charge.FromRun() };
        var unused = charge.Unused();
        return unused.Count == 0 ? Decision.Of(committed) : Decision.Of(committed, Unused(context, command, hold, unused));
    }

    private static Committed Committed(Context context, Commit command, Hold hold, Items<UsedLine> lines, Items<Draw> draws) =>
        new(context.At, Cause(command), hold.Reservation, hold.Assignment, hold.Period, lines, draws);

    private static Refunded Unused(Context context, Commit command, Hold hold, Items<Draw> draws) => new(
        context.At, Cause(command), hold.Reservation, hold.Period, null, Refunded.Unused, [], draws,
        ToParent: Runs.Of(context.State, hold)?.Reservation);

    private static Cause Cause(Command command) => new(command.Id, command.Content);
}
