namespace Metering.Contracts.Messages;

/// <summary>
/// A user's net use in a window reached a percentage of quota and rollover that the plan names: once per window, again only after the
/// limit was raised above present use. Published at least once, from the ledger's ThresholdReached, as <see cref="PeriodEnded"/> is.
/// </summary>
/// <param name="User">Who used it.</param>
/// <param name="Revision">The event's number in the user's ledger.</param>
/// <param name="EventId">The event's id.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Group">Label of the limit group.</param>
/// <param name="WindowStart">Start of the window, included.</param>
/// <param name="WindowEnd">End of the window, excluded; none for a lifetime.</param>
/// <param name="Percent">The percentage reached.</param>
/// <param name="Used">Net use then: of the group's unit, nano-units where that is a currency.</param>
/// <param name="Limit">Quota and rollover then, in the same unit.</param>
public sealed record ThresholdReached(
    string User, long Revision, Guid EventId, DateTimeOffset At, string Group, DateTimeOffset WindowStart, DateTimeOffset? WindowEnd,
    int Percent, long Used, long Limit);
