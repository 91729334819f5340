using System.Diagnostics;

namespace Metering.Ledger.Accounts;

/// <summary>What was decided: the command's own events and its answer. <paramref name="Flushes"/>: what was due is appended all the same.</summary>
internal readonly record struct Decision(LedgerEvent[] Events, Answer Answer, bool Flushes = false)
{
    public static Decision Of(params LedgerEvent[] events) => new(events, new Done(new(events)));
    public static Decision Answered(Answer answer) => new([], answer);
    public static Decision Flush(Answer answer) => new([], answer, Flushes: true);
    public static Decision Refused(RefusalKind kind, string field, string expected) => Answered(new Refused(kind, field, expected));
}

/// <summary>A command decided, and all that goes into the stream with it: due facts, its own events, what became due by them.</summary>
/// <param name="Answer">None: so much was due that it is appended first (no append may pass the store's size); decide the command again then.</param>
public sealed record LedgerTurn(IReadOnlyList<LedgerEvent> Events, Answer? Answer);

/// <summary>Decides commands one after another on a state that it owns. Pure: the moment and the zones are passed in.</summary>
public static class Decisions
{
    /// <summary>Facts that are due and wait for a command to be appended with: more (a user idle for years) go first, in appends of their own.</summary>
    public const int DueMost = 100;

    /// <summary>
    /// Decides <paramref name="command"/> at max(<paramref name="now"/>, the last event's time) and folds what comes of it. Nothing is to be
    /// appended for a denial, a refusal, a repeat or a read, however much was due (rule 6).
    /// </summary>
    public static LedgerTurn Take(LedgerState state, Command command, DateTimeOffset now, Zones zones)
    {
        var context = new Context(state, now > state.At ? now : state.At, zones);
        if (!TryAdvance(context)) return new LedgerTurn(state.TakeUnappended(), null);
        var decision = Decide(context, command);
        if (decision.Events.Length == 0 && !decision.Flushes) return new LedgerTurn([], decision.Answer);
        foreach (var happened in decision.Events) Happen(state, happened);
        foreach (var reached in Thresholds.ReachedBy(state, decision.Events, context.At)) Happen(state, reached);
        TryAdvance(context);
        return new LedgerTurn(state.TakeUnappended(), decision.Answer);
    }

    /// <summary>Emits what is due, in due order; false when there is more than one append should carry.</summary>
    private static bool TryAdvance(Context context)
    {
        while (DueFacts.Next(context) is { } due)
        {
            if (context.State.Unappended.Count >= DueMost) return false;
            Happen(context.State, due);
        }
        return true;
    }

    private static void Happen(LedgerState state, LedgerEvent happened)
    {
        Fold.Apply(state, happened);
        state.Unappended.Add(happened);
    }

    private static Decision Decide(Context context, Command command) => command switch
    {
        Check check => Decision.Answered(Reserving.Check(context, check)),
        GetUsage => Decision.Answered(Balance.Of(context)),
        Explain explain => Decision.Answered(Explaining.Of(context, explain)),
        ClosePeriod close => Periods.Close(context, close),
        _ => Repeated(context, command) is { } answer ? Decision.Answered(answer) : DecideNew(context, command),
    };

    private static Decision DecideNew(Context context, Command command) => command switch
    {
        Reserve reserve => Reserving.Reserve(context, reserve),
        Commit commit => Settling.Commit(context, commit),
        Release release => Settling.Release(context, release),
        Extend extend => Reserving.Extend(context, extend),
        Refund refund => Settling.Refund(context, refund),
        Track track => Reserving.Track(context, track),
        AssignPlan assign => Plans.Assign(context, assign),
        EndPlan end => Plans.End(context, end),
        CustomizeLimits limits => Plans.Customize(context, limits),
        GrantCredit grant => Credits.Grant(context, grant),
        RevokeCredit revoke => Credits.Revoke(context, revoke),
        Suspend suspend => Suspensions.Suspend(context, suspend),
        Resume resume => Suspensions.Resume(context, resume),
        _ => throw new UnreachableException($"a ledger cannot decide {command.GetType().Name}"),
    };

    /// <summary>At most once for ever (rule 15).</summary>
    private static Answer? Repeated(Context context, Command command)
    {
        var ids = context.State.Remembered;
        if (ids.TryGet(command.Id, out var known))
            return known.Content == command.Content
                ? new DoneBefore(command.Id, known.Revision)
                : new Refused(RefusalKind.OtherContent, "command_id", "a new id: this one was used for a command with other content");
        if (RememberedIds.TimeOf(command.Id) > (context.At + RememberedIds.Ahead).ToUnixTimeMilliseconds())
            return new Refused(RefusalKind.Invalid, "command_id", $"an id dated at most 60 s ahead of {context.At:O}");
        return ids.IsTooOld(command.Id, context.At)
            ? new Refused(RefusalKind.TooOld, "command_id", $"an id younger than 10 minutes at {context.At:O}: an older one may have been done already")
            : null;
    }
}
