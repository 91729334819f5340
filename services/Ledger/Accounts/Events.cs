using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>
/// A fact in a user's ledger. <paramref name="At"/> never goes back (rule 14). The stored names are in Stored/LedgerEvents.cs: a rename here changes no stream.
/// </summary>
/// <param name="Cause">The command that asked for it; none for a fact that was due by time alone.</param>
public abstract record LedgerEvent(DateTimeOffset At, Cause? Cause);

/// <summary>Which command made an event, and the hash of its content: what state remembers to answer a repeat (rule 15).</summary>
public sealed record Cause(Guid Command, ContentHash Content);

/// <summary>A plan was put in force, at once or from the next period on.</summary>
/// <param name="Assignment">1, 2, 3 … per user: which of the user's plans this is.</param>
/// <param name="Anchor">The subscription's start: what windows anchored to it count from.</param>
/// <param name="Starts">The period that begins with it; none if the plan waits for the next period or carries on in the current one.</param>
public sealed record PlanAssigned(
    DateTimeOffset At, Cause Cause, int Assignment, Plan Plan, PlanChange Change, DateTimeOffset Anchor, Period? Starts, string? StripeCustomer)
    : LedgerEvent(At, Cause);

/// <summary>The plan ended; so did its period, in the same append.</summary>
public sealed record PlanEnded(DateTimeOffset At, Cause Cause, int Assignment) : LedgerEvent(At, Cause);

/// <summary>The user's own quotas were set (or, null, given up).</summary>
public sealed record LimitsCustomized(DateTimeOffset At, Cause Cause, Items<CustomLimit> Limits) : LedgerEvent(At, Cause);

/// <summary>A prepaid amount was added.</summary>
public sealed record CreditGranted(
    DateTimeOffset At, Cause Cause, Guid Grant, string Unit, long Amount, int Priority, DateTimeOffset? ExpiresAt, string Source) : LedgerEvent(At, Cause);

/// <summary>The free part of a grant expired. Only the held part outlives the expiry (rule 21).</summary>
public sealed record CreditExpired(DateTimeOffset At, Guid Grant, long Amount) : LedgerEvent(At, null);

/// <summary>What was free of a grant was taken back; what comes back to it later expires at once.</summary>
public sealed record CreditRevoked(DateTimeOffset At, Cause Cause, Guid Grant, long Amount) : LedgerEvent(At, Cause);

/// <summary>Reserve, enforced track and extend are blocked from here on.</summary>
public sealed record Suspended(DateTimeOffset At, Cause Cause, string Reason) : LedgerEvent(At, Cause);

/// <summary>The suspension was lifted.</summary>
public sealed record Resumed(DateTimeOffset At, Cause Cause) : LedgerEvent(At, Cause);

/// <summary>Net use of a window reached a percentage of its quota and rollover; once per window (rule 20).</summary>
/// <param name="Used">Net use after the append.</param>
/// <param name="Limit">Quota and rollover that it is a percentage of.</param>
public sealed record ThresholdReached(
    DateTimeOffset At, string Group, int Since, DateTimeOffset Start, DateTimeOffset End, int Percent, long Used, long Limit) : LedgerEvent(At, null);

/// <summary>Amounts were set aside until <paramref name="Deadline"/> + <paramref name="Grace"/>.</summary>
/// <param name="Period">The billing period that this usage belongs to, whenever it settles.</param>
/// <param name="Parent">The run that it was carved from: the draws were the run's before, no bucket holds more than it did.</param>
public sealed record Reserved(
    DateTimeOffset At, Cause Cause, Guid Reservation, int Assignment, int Period, DateTimeOffset Deadline, TimeSpan Grace, Items<UsedLine> Lines,
    Items<Draw> Draws, Guid? Parent = null) : LedgerEvent(At, Cause);

/// <summary>
/// Usage was charged: <paramref name="Draws"/> are the amounts reserved plus any excess; <paramref name="Lines"/> what was really used. Where that is
/// less, a Refunded with reason <c>unused</c> follows in the same append (rule 7).
/// </summary>
/// <param name="FromParent">Of the draws, the excess that the run's rest paid for.</param>
public sealed record Committed(
    DateTimeOffset At, Cause Cause, Guid Reservation, int Assignment, int Period, Items<UsedLine> Lines, Items<Draw> Draws,
    Items<Draw>? FromParent = null)
    : LedgerEvent(At, Cause);

/// <summary>A hold was given back: asked for, or expired.</summary>
/// <param name="ToParent">The open run that takes it; none: it went back to its buckets.</param>
public sealed record Released(
    DateTimeOffset At, Cause? Cause, Guid Reservation, ReleaseReason Reason, Items<Draw> Draws, Guid? ToParent = null) : LedgerEvent(At, Cause);

/// <summary>Why a hold was given back.</summary>
public enum ReleaseReason { Released, Expired }

/// <summary>Committed amounts went back to the buckets they came from.</summary>
/// <param name="Period">The period of the reservation.</param>
/// <param name="AdjustsPeriod">The open period that takes the negative adjustment, when <paramref name="Period"/> was closed.</param>
/// <param name="Lines">The quantities refunded; none for reason <c>unused</c>, where Committed has the actual ones.</param>
/// <param name="ToParent">The open run that takes what a commit did not use; none: it went back to its buckets.</param>
/// <param name="Worth">What refunded overage of a closed period is worth: f(old net) − f(new net) per group, in nano-units (rule 19).</param>
public sealed record Refunded(
    DateTimeOffset At, Cause Cause, Guid Reservation, int Period, int? AdjustsPeriod, string Reason, Items<RefundLine> Lines, Items<Draw> Draws,
    DateTimeOffset? RestoreUntil = null, Guid? ToParent = null, Items<ChargeBack>? Worth = null) : LedgerEvent(At, Cause)
{
    /// <summary>The reason of what a commit gives back.</summary>
    public const string Unused = "unused";
}

/// <summary>What a group's charge is less by a refund, in nano-units.</summary>
public sealed record ChargeBack(string Group, int Since, DateTimeOffset Start, long Overage, long Nanos);

/// <summary>A hold got a later deadline and/or more: <paramref name="Lines"/> and <paramref name="Draws"/> are what was added.</summary>
public sealed record HoldExtended(
    DateTimeOffset At, Cause Cause, Guid Reservation, DateTimeOffset Deadline, Items<UsedLine> Lines, Items<Draw> Draws) : LedgerEvent(At, Cause);

/// <summary>Usage without a hold. <paramref name="Unmatched"/>: some of it no plan or funding group took; that is unbilled (overrun) and listed.</summary>
/// <param name="OccurredAt">When it really happened. Where that is not within <paramref name="Period"/>, its own period was closed (rule 12).</param>
public sealed record UsageTracked(
    DateTimeOffset At, Cause Cause, int Assignment, int? Period, bool Enforced, bool Unmatched, Items<UsedLine> Lines, Items<Draw> Draws,
    DateTimeOffset? OccurredAt = null) : LedgerEvent(At, Cause);

/// <summary>A billing period reached its boundary, or its plan ended. Earlier holds still settle in it.</summary>
/// <param name="Next">The period that follows at once; none when the plan ended.</param>
/// <param name="NextAssignment">The plan of the next period.</param>
public sealed record PeriodEnded(
    DateTimeOffset At, Period Period, Items<GroupTotal> Groups, string? StripeCustomer, Period? Next, int? NextAssignment) : LedgerEvent(At, null);

/// <summary>A period's last hold is settled: its totals never change again.</summary>
public sealed record PeriodClosed(
    DateTimeOffset At, Period Period, Items<GroupTotal> Groups, Items<MeterTotal> Meters, string? StripeCustomer) : LedgerEvent(At, null);

/// <summary>A billing period, numbered from 1 per user: <c>[Start, End)</c>.</summary>
public sealed record Period(int Number, DateTimeOffset Start, DateTimeOffset End);

/// <summary>A line of a reservation or of a commit.</summary>
/// <param name="Unit">The meter's unit.</param>
/// <param name="Quantity">Reserved, or really used.</param>
/// <param name="Overrun">Of that, what no matching group had room for: recorded, never charged (rule 8).</param>
/// <param name="Ratings">What it came to in each money group, and by which price.</param>
public sealed record UsedLine(string Meter, string Unit, Attributes Attributes, long Quantity, long Overrun, Items<RatedAmount>? Ratings)
{
    public long Charged => Quantity - Overrun;
}

/// <summary>
/// A line's charged quantity × <paramref name="Price"/> × markup in nano-units, rounded once. The price book in force at the reservation governs
/// its commit, excess and refunds (rule 19).
/// </summary>
public sealed record RatedAmount(string Group, int Book, Price Price, long MarkupPpm, long Amount);

/// <summary>What was taken from (or given back to) one group, in the window that it counts in.</summary>
/// <param name="Since">The assignment since which the group counts: a plan change may carry it on or start it anew.</param>
/// <param name="Left">What was free in the group's buckets right after this event; 0 in a window of which nobody can take any more.</param>
public sealed record Draw(string Group, int Since, DateTimeOffset Start, DateTimeOffset End, Items<Part> Parts, long Left)
{
    public long Amount
    {
        get
        {
            long sum = 0;
            foreach (var part in Parts) sum += part.Amount;
            return sum;
        }
    }
}

/// <summary>An amount and the bucket it came from. <paramref name="Grant"/> names the credit grant.</summary>
public sealed record Part(Bucket Bucket, long Amount, Guid? Grant = null);

/// <summary>Where an amount came from, in the order in which a funding group is drawn. A cap counts as <see cref="Quota"/>.</summary>
public enum Bucket { Rollover, Quota, Credit, Overage }

/// <summary>A group's net use over a period, per bucket; what it reports; what later refunds of closed periods took off.</summary>
/// <param name="Charge">Nano-units of the plan's currency for the overage.</param>
/// <param name="Adjusted">Negative: usage of closed periods refunded in this one, per bucket sum, and what earlier periods carried over.</param>
/// <param name="AdjustedCharge">Negative: what that is worth in nano-units.</param>
/// <param name="RolledOver">Amount granted to the next period.</param>
/// <param name="Windows">The overage of each window, where windows are shorter than the period and overage has tiers: they are charged one by one.</param>
public sealed record GroupTotal(
    string Group, int Since, string Unit, GroupKind Kind, long Rollover, long Quota, long Credit, long Overage, long Charge, long AdjustedUsage,
    long AdjustedOverage, long AdjustedCharge, long RolledOver, Reporting? Reporting, Items<WindowOverage>? Windows = null)
{
    public long Used => Rollover + Quota + Credit + Overage;

    /// <summary>What is billed of it, before it is scaled: below 0 where refunds of closed periods outweigh it.</summary>
    public long Billed(Reports what) => what switch
    {
        Reports.Usage => Used + AdjustedUsage,
        Reports.Overage => Overage + AdjustedOverage,
        Reports.Charge => Charge + AdjustedCharge,
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such total"),
    };
}

/// <summary>The net overage of one window within a period.</summary>
/// <param name="Before">What the window had in closed periods: its tiers go on from there.</param>
public sealed record WindowOverage(DateTimeOffset Start, long Overage, long Before = 0);

/// <summary>The net quantity charged of a meter over a period, and what was used but charged to nobody.</summary>
public sealed record MeterTotal(string Meter, long Quantity, long Overrun);
