namespace Metering.Contracts.Messages;

/// <summary>
/// A user's billing period reached its boundary, or its plan ended. Earlier holds still settle in it: totals are those so far. Published at least
/// once, from the ledger's PeriodEnded; the message's id derives from <paramref name="EventId"/>, so a repeat can be told. Messages of one user may
/// overtake each other: <paramref name="Revision"/> orders them.
/// </summary>
/// <param name="User">Whose period it is.</param>
/// <param name="Revision">The event's number in the user's ledger.</param>
/// <param name="EventId">The event's id.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Period">1, 2, 3 … per user.</param>
/// <param name="Start">Included.</param>
/// <param name="End">Excluded.</param>
/// <param name="StripeCustomer">Whom Stripe bills; none = nobody yet.</param>
/// <param name="Groups">Net use per limit group.</param>
public sealed record PeriodEnded(
    string User, long Revision, Guid EventId, DateTimeOffset At, int Period, DateTimeOffset Start, DateTimeOffset End, string? StripeCustomer,
    IReadOnlyList<GroupTotal> Groups);

/// <summary>
/// A user's billing period is closed: its last hold is settled and these totals never change again. Published at least once, from the ledger's
/// PeriodClosed, in the way of <see cref="PeriodEnded"/>, which came before it in the ledger.
/// </summary>
/// <param name="User">Whose period it is.</param>
/// <param name="Revision">The event's number in the user's ledger.</param>
/// <param name="EventId">The event's id.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Period">1, 2, 3 … per user.</param>
/// <param name="Start">Included.</param>
/// <param name="End">Excluded.</param>
/// <param name="StripeCustomer">Whom Stripe bills; none = nobody yet.</param>
/// <param name="Groups">Net use per limit group.</param>
/// <param name="Meters">Net quantity per meter.</param>
/// <param name="Hash">
/// The head of the hash chain over the user's ledger up to this event: 64 hexadecimal digits. Whoever keeps it can have the ledger verified against it
/// for ever (Balances.Verify). None: the event has no hash, so the chain is broken.
/// </param>
public sealed record PeriodClosed(
    string User, long Revision, Guid EventId, DateTimeOffset At, int Period, DateTimeOffset Start, DateTimeOffset End, string? StripeCustomer,
    IReadOnlyList<GroupTotal> Groups, IReadOnlyList<MeterTotal> Meters, string? Hash);

/// <summary>A limit group's net use over a billing period. Amounts are of <paramref name="Unit"/>, nano-units where that is a currency.</summary>
/// <param name="Group">Label of the group.</param>
/// <param name="Unit">A meter's unit or a currency (three capitals).</param>
/// <param name="Kind"><c>funding</c> or <c>cap</c>.</param>
/// <param name="Rollover">Of what had rolled over.</param>
/// <param name="Quota">Of the quota.</param>
/// <param name="Credit">Of credit grants.</param>
/// <param name="Overage">Beyond all that.</param>
/// <param name="Charge">Nano-units of the plan's currency for the overage: an estimate until the period closes.</param>
/// <param name="AdjustedUsage">0 or less: use of closed periods that was refunded in this one.</param>
/// <param name="AdjustedOverage">0 or less: of that, what had been overage.</param>
/// <param name="AdjustedCharge">0 or less: what that overage was worth, in nano-units of the plan's currency.</param>
/// <param name="RolledOver">What rolls over into the next period.</param>
/// <param name="Reporting">What of it is reported to Stripe; none = nothing.</param>
public sealed record GroupTotal(
    string Group, string Unit, string Kind, long Rollover, long Quota, long Credit, long Overage, long Charge, long AdjustedUsage,
    long AdjustedOverage, long AdjustedCharge, long RolledOver, Reporting? Reporting);

/// <summary>What a group reports: floor(total ÷ <paramref name="Scale"/>) of a Stripe meter.</summary>
/// <param name="StripeMeter">The Stripe meter's <c>event_name</c>.</param>
/// <param name="Scale">Amount per unit reported, 1 or more.</param>
/// <param name="What">Which total: <c>usage</c>, <c>overage</c> or <c>charge</c>.</param>
public sealed record Reporting(string StripeMeter, long Scale, string What);

/// <summary>The net quantity of a meter over a billing period, in the meter's unit.</summary>
/// <param name="Meter">Name of the meter.</param>
/// <param name="Quantity">Charged, less refunded.</param>
/// <param name="Overrun">Used beyond every limit: recorded, charged to nobody.</param>
public sealed record MeterTotal(string Meter, long Quantity, long Overrun);
