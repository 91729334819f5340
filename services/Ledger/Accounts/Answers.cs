namespace Metering.Ledger.Accounts;

/// <summary>What a command is answered.</summary>
public abstract record Answer;

/// <summary>Done: these are the events that this command made (not the facts that were due before it).</summary>
public sealed record Done(Items<LedgerEvent> Events) : Answer;

/// <summary>The command was done before: its events start at <paramref name="Revision"/>. Nothing was appended now.</summary>
public sealed record DoneBefore(Guid Command, long Revision) : Answer;

/// <summary>Refused by a limit: an answer, not an error (rule 6).</summary>
/// <param name="Group">The group that decided; none where no group matched.</param>
/// <param name="Needed">What the command asked of that group.</param>
/// <param name="ResetsAt">When the group's window ends; none for a lifetime.</param>
public sealed record Denied(
    DenialReason Reason, string? Group, string? Meter, long Needed, long Quota, long Used, long Held, long Remaining, DateTimeOffset? ResetsAt,
    DateTimeOffset At, long Revision) : Answer;

/// <summary>Why a command was denied.</summary>
public enum DenialReason { NoPlan, Suspended, Unmatched, Unpriced, FundingExhausted, CapReached, RunBudget }

/// <summary>Not possible: which field, and what was expected. Nothing was appended.</summary>
public sealed record Refused(RefusalKind Kind, string Field, string Message) : Answer;

/// <summary>What kind of mistake it was: each maps to one gRPC status.</summary>
public enum RefusalKind { Invalid, NotFound, OtherContent, Exists, TooOld, Settled, NotDue, Conflict }

/// <summary>State does not hold this reservation: look it up in the stream and ask again with <see cref="Past"/>.</summary>
public sealed record NeedsPast(Guid Reservation) : Answer;

/// <summary>What a Check is answered when a Reserve would be granted: the draws that it would make.</summary>
public sealed record Allowed(Items<Draw> Draws, DateTimeOffset At, long Revision) : Answer;

/// <summary>Why lines are admitted or not.</summary>
/// <param name="Verdict"><see cref="Allowed"/> or <see cref="Denied"/>, the same as a Check's.</param>
/// <param name="Groups">Every group that some line counts in, in the order in which they are asked; the first that does not fit decided.</param>
public sealed record Explained(Answer Verdict, Catalog.Plan? Plan, Items<ExplainedLine> Lines, Items<ExplainedGroup> Groups) : Answer;

/// <summary>A line as it would be recorded, and the groups that it counts in: none, if no funding group matches it.</summary>
/// <param name="Priced">False if one of them is of money and no book in force has a price.</param>
public sealed record ExplainedLine(UsedLine Line, Items<string> Groups, bool Priced);

/// <summary>What a group had when it was asked, and what the lines needed of it. Amounts are of <paramref name="Unit"/>.</summary>
/// <param name="OwnLimit">True if <paramref name="Limit"/> is the user's own, not the plan's.</param>
/// <param name="Rollover">The size of what rolled over into the window.</param>
/// <param name="Credits">Free of credit grants, less what groups before this one would take of them.</param>
/// <param name="Overage">Of <paramref name="Used"/> and <paramref name="Held"/>, what is overage.</param>
/// <param name="OverageCap">The most of that; 0: none is allowed.</param>
/// <param name="Available">What could be had, over all buckets; of what is carved from a run, the run's rest.</param>
public sealed record ExplainedGroup(
    string Group, string Unit, Catalog.GroupKind Kind, DateTimeOffset Start, DateTimeOffset End, long Limit, bool OwnLimit, long Rollover, long Used,
    long Held, long Credits, long Overage, long OverageCap, long Available, long Needed)
{
    public bool Fits => Needed <= Available;
}

/// <summary>The period was closed before.</summary>
public sealed record ClosedBefore(int Period) : Answer;

/// <summary>A user's balances as of <paramref name="At"/> and <paramref name="Revision"/>.</summary>
public sealed record Usage(
    DateTimeOffset At, long Revision, string? Plan, int PlanVersion, bool Suspended, Period? Period, Items<GroupUsage> Groups,
    Items<GrantUsage> Grants, int OpenHolds) : Answer;

/// <summary>One group's balance in its current window. Amounts are of <paramref name="Unit"/>, money in nano-units.</summary>
/// <param name="Available">What can be reserved now, over all buckets.</param>
public sealed record GroupUsage(
    string Group, string Unit, Catalog.GroupKind Kind, DateTimeOffset Start, DateTimeOffset End, long Quota, long Rollover, long Used, long Held,
    long Overage, long OverageCap, long Available, long Charge);

/// <summary>One credit grant's balance.</summary>
public sealed record GrantUsage(
    Guid Grant, string Unit, long Amount, long Used, long Held, long Expired, int Priority, DateTimeOffset? ExpiresAt, string Source);
