using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>
/// What a caller asks of a user's ledger. Everything that a decision needs rides in it: ids, the resolved plan, units and prices.
/// <paramref name="Id"/> is a UUIDv7 made by the caller; <paramref name="Content"/> a hash of the decoded content without the id (rule 15).
/// </summary>
public abstract record Command(Guid Id, ContentHash Content);

/// <summary>128 bits of the SHA-256 of a command's content: the same id with another hash is another command.</summary>
public readonly record struct ContentHash(ulong High, ulong Low);

/// <summary>A usage line as asked for: its meter's unit and, for money groups, its price in every book that may be in force.</summary>
public sealed record AskedLine(string Meter, string Unit, Attributes Attributes, long Quantity, Items<Rate> Rates);

/// <summary>A unit price of price book <paramref name="Book"/>, in force from <paramref name="From"/> until <paramref name="Until"/> (exclusive).</summary>
public sealed record Rate(int Book, DateTimeOffset From, DateTimeOffset Until, string Currency, Price Price, long MarkupPpm);

/// <summary>Set amounts aside; <see cref="Command.Id"/> becomes the reservation's id.</summary>
/// <param name="Parent">The run whose hold it is carved from (rule 13): an open reservation that has no parent itself.</param>
/// <param name="Past">What the stream says of a <paramref name="Parent"/> that is not open.</param>
public sealed record Reserve(
    Guid Id, ContentHash Content, Items<AskedLine> Lines, TimeSpan TimeToLive, TimeSpan Grace, Guid? Parent = null,
    Past? Past = null) : Command(Id, Content);

/// <summary>Charge what was really used; no <paramref name="Actual"/> charges the whole hold.</summary>
public sealed record Commit(Guid Id, ContentHash Content, Guid Reservation, Items<AskedLine>? Actual, Past? Past = null) : Command(Id, Content);

/// <summary>Give a hold back.</summary>
public sealed record Release(Guid Id, ContentHash Content, Guid Reservation, Past? Past = null) : Command(Id, Content);

/// <summary>Move a hold's deadline to <paramref name="TimeToLive"/> from now and/or add quantity.</summary>
public sealed record Extend(
    Guid Id, ContentHash Content, Guid Reservation, TimeSpan? TimeToLive, Items<AskedLine> Add, Past? Past = null) : Command(Id, Content);

/// <summary>
/// Give committed usage back, to the buckets it came from. No <paramref name="Lines"/> refunds all that is left of it. <paramref name="Past"/> is what
/// the stream says of the reservation: state does not keep settled ones, so a first try is answered with <see cref="NeedsPast"/>.
/// </summary>
public sealed record Refund(
    Guid Id, ContentHash Content, Guid Reservation, Items<RefundLine>? Lines, string Reason, DateTimeOffset? RestoreUntil,
    Past? Past = null) : Command(Id, Content);

/// <summary>How much of which committed line to refund.</summary>
public sealed record RefundLine(string Meter, Attributes Attributes, long Quantity);

/// <summary>What a stream holds of one reservation: how it was settled, or nothing at all.</summary>
/// <param name="Tracked">Set where the id is that of a Track: its usage is refunded like a commit's.</param>
/// <param name="Closed">How its period was closed: what a refund is worth by then.</param>
public sealed record Past(
    Guid Reservation, Reserved? Reserved, Committed? Committed, Refunded? Unused, Released? Released, UsageTracked? Tracked = null,
    PeriodClosed? Closed = null);

/// <summary>Record usage without a hold. Enforced: like reserve and commit in one. Post-paid: bypasses room and suspension.</summary>
/// <param name="OccurredAt">When it really happened; post-paid only, not after now.</param>
public sealed record Track(
    Guid Id, ContentHash Content, Items<AskedLine> Lines, bool Enforced, DateTimeOffset? OccurredAt = null) : Command(Id, Content);

/// <summary>Put a plan in force. <paramref name="StripeCustomer"/> is whom Stripe bills; none = reports stay unlinked.</summary>
public sealed record AssignPlan(Guid Id, ContentHash Content, Plan Plan, PlanChange Change, string? StripeCustomer) : Command(Id, Content);

/// <summary>When and how a plan follows another (rule 18).</summary>
public enum PlanChange { NextPeriod, NowCarry, NowReset }

/// <summary>End the plan and its period now.</summary>
public sealed record EndPlan(Guid Id, ContentHash Content) : Command(Id, Content);

/// <summary>A user's own quota in some groups, instead of the plan's; null gives the plan's back.</summary>
public sealed record CustomizeLimits(Guid Id, ContentHash Content, Items<CustomLimit> Limits) : Command(Id, Content);

/// <summary>The quota of group <paramref name="Group"/> for one user.</summary>
public sealed record CustomLimit(string Group, long? Quota);

/// <summary>Prepaid amount of a unit. <paramref name="Source"/> (a payment) is unique for ever.</summary>
public sealed record GrantCredit(
    Guid Id, ContentHash Content, string Unit, long Amount, int Priority, DateTimeOffset? ExpiresAt, string Source) : Command(Id, Content);

/// <summary>Take back what is free of a grant, now and whatever comes back to it later.</summary>
public sealed record RevokeCredit(Guid Id, ContentHash Content, Guid Grant) : Command(Id, Content);

/// <summary>Block reserve, enforced track and extend until resumed (rule 2).</summary>
public sealed record Suspend(Guid Id, ContentHash Content, string Reason) : Command(Id, Content);

/// <summary>Lift a suspension.</summary>
public sealed record Resume(Guid Id, ContentHash Content) : Command(Id, Content);

/// <summary>Close period <paramref name="Period"/> if it is due: keyed by the period, twice changes nothing.</summary>
public sealed record ClosePeriod(Guid Id, ContentHash Content, int Period) : Command(Id, Content);

/// <summary>What a Reserve of these lines would be answered; appends nothing.</summary>
/// <param name="Parent">The run that it would be carved from.</param>
public sealed record Check(Items<AskedLine> Lines, Guid? Parent = null, Past? Past = null) : Command(Guid.Empty, default);

/// <summary>
/// What a Reserve of these lines (or, of an open reservation, an Extend by them) would be answered, and what every group that they count in has to do
/// with it; appends nothing.
/// </summary>
/// <param name="Parent">Of a Reserve: the run that it would be carved from.</param>
public sealed record Explain(Items<AskedLine> Lines, Guid? Reservation = null, Guid? Parent = null) : Command(Guid.Empty, default);

/// <summary>The user's balances now; appends nothing.</summary>
public sealed record GetUsage() : Command(Guid.Empty, default);
