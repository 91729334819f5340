namespace Metering.Ledger.Accounts;

/// <summary>Reserve, check, extend, track: what takes from a user's groups.</summary>
internal static class Reserving
{
    /// <summary>A hold lives at most this long after its reservation (rule 10).</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromHours(24);

    public static Decision Reserve(Context context, Reserve command)
    {
        var (run, refused) = Runs.Find(context, command.Parent, command.Past);
        if (refused is not null) return Decision.Answered(refused);
        var (admitted, refusal) = Admit(context, command.Lines, run);
        if (admitted is null) return Decision.Answered(refusal!);
        return Decision.Of(run is null ? Reserved(context, command, admitted) : Runs.Reserved(context, command, run, admitted));
    }

    /// <summary>The same answer as Reserve, nothing appended.</summary>
    public static Answer Check(Context context, Check check)
    {
        var (run, refused) = Runs.Find(context, check.Parent, check.Past);
        if (refused is not null) return refused;
        var (admitted, refusal) = Admit(context, check.Lines, run);
        return admitted is null ? refusal! : new Allowed(admitted.Draws, context.At, context.State.AppendedRevision);
    }

    public static Decision Extend(Context context, Extend command)
    {
        if (!context.State.Holds.TryGetValue(command.Reservation, out var hold)) return Settling.NotOpen(command.Reservation, command.Past);
        if (context.State.Suspended) return Decision.Answered(Admission.Deny(context, DenialReason.Suspended));
        var terms = new Terms(context.State.PlanOf(hold.Assignment), hold, Runs.Of(context.State, hold), "add");
        var (admitted, refusal) = Admission.Admit(context, terms, command.Add);
        return admitted is null
            ? Decision.Answered(refusal!)
            : Decision.Of(new HoldExtended(
                context.At, Cause(command), hold.Reservation, Deadline(context, command, hold), admitted.Lines, admitted.Draws));
    }

    public static Decision Track(Context context, Track command) =>
        command.Enforced ? TrackEnforced(context, command) : TrackPostPaid(context, command);

    private static Reserved Reserved(Context context, Reserve command, Admitted admitted) => new(
        context.At, Cause(command), command.Id, context.State.Plan!.Assignment, context.State.Current!.Period.Number,
        context.At + command.TimeToLive, command.Grace, admitted.Lines, admitted.Draws);

    /// <summary>Under the plan in force or, for a run's child, under the run's: it may have ended since.</summary>
    private static (Admitted? Admitted, Answer? Refusal) Admit(Context context, Items<AskedLine> lines, Hold? run)
    {
        if ((run is null ? context.State.Plan : context.State.PlanOf(run.Assignment)) is not { } plan)
            return (null, Admission.Deny(context, DenialReason.NoPlan));
        if (context.State.Suspended) return (null, Admission.Deny(context, DenialReason.Suspended));
        return Admission.Admit(context, new Terms(plan, run, run, "lines"), lines);
    }

    private static DateTimeOffset Deadline(Context context, Extend command, Hold hold)
    {
        var asked = command.TimeToLive is { } timeToLive ? context.At + timeToLive : hold.Deadline;
        var latest = hold.At + LongestHold;
        if (Runs.Of(context.State, hold) is { } run && Runs.LatestDeadline(run, hold.Grace) is var runs && runs < latest) latest = runs;
        return asked <= hold.Deadline ? hold.Deadline : asked < latest ? asked : latest;
    }

    private static Decision TrackEnforced(Context context, Track command)
    {
        if (command.OccurredAt is not null) return Decision.Refused(RefusalKind.Invalid, "occurred_at", "nothing: only post-paid usage has another time");
        var (admitted, refusal) = Admit(context, command.Lines, null);
        return admitted is null
            ? Decision.Answered(refusal!)
            : Tracked(context, command, context.State.Plan!.Assignment, context.State.Current!.Period, unmatched: false, admitted);
    }

    /// <summary>Bypasses room and suspension, never matching: what no group takes is recorded unmatched and unbilled (rule 12).</summary>
    private static Decision TrackPostPaid(Context context, Track command)
    {
        if (command.OccurredAt > context.At) return Decision.Refused(RefusalKind.Invalid, "occurred_at", $"a time up to {context.At:O}");
        var (period, at) = CountsIn(context, command);
        if (period is null) return Tracked(context, command, 0, null, unmatched: true, Unmatched(command.Lines));
        var plan = context.State.PlanOf(period.Assignment);
        var charge = new Charging(context with { CountsIn = period.Period, OccurredAt = at }, plan, null, limited: false);
        return charge.Add(command.Lines, at) is { } refused
            ? Decision.Answered(refused)
            : Tracked(
                context, command, plan.Assignment, period.Period, command.Lines.Any(line => !IsTaken(plan, line, at)), new(charge.Lines, charge.Draws()));
    }

    /// <summary>Late usage picks window, price and period by when it occurred, while that period is open; otherwise it counts now.</summary>
    private static (PeriodUse? Period, DateTimeOffset At) CountsIn(Context context, Track command)
    {
        foreach (var open in context.State.OpenPeriods)
            if (command.OccurredAt is { } at && open.Period.Start <= at && at < open.Period.End) return (open, at);
        return (context.State.Current, context.At);
    }

    private static bool IsTaken(PlanInForce plan, AskedLine line, DateTimeOffset at) =>
        Demand.GroupsOf(plan.Plan, line) is { Count: > 0 } groups && Demand.IsPriced(line, groups, at);

    private static Admitted Unmatched(Items<AskedLine> lines) =>
        new(lines.Select(line => new UsedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, line.Quantity, null)).ToItems(), []);

    private static Decision Tracked(Context context, Track command, int assignment, Period? period, bool unmatched, Admitted admitted) =>
        Decision.Of(new UsageTracked(
            context.At, Cause(command), assignment, period?.Number, command.Enforced, unmatched, admitted.Lines, admitted.Draws, command.OccurredAt));

    private static Cause Cause(Command command) => new(command.Id, command.Content);
}
