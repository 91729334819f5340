using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;

namespace Metering.Balances.Explaining;

/// <summary>A refund after the settling, and what of it expired again in the same append.</summary>
internal sealed record LateStep(long Revision, Refunded Refunded, List<Part> Expired);

/// <summary>What a reservation took from one bucket of a group's window, and what went back.</summary>
internal sealed record ChargedPart(Bucket Bucket, Guid? Grant)
{
    public long Taken { get; set; }
    public long Unused { get; set; }
    public long Refunded { get; set; }
}

/// <summary>What a reservation took from one group in one window.</summary>
internal sealed record ChargedGroup(string Group, int Since, DateTimeOffset Start, DateTimeOffset End)
{
    public List<ChargedPart> Parts { get; } = [];

    public ChargedPart Of(Part part)
    {
        var found = Parts.Find(one => one.Bucket == part.Bucket && one.Grant == part.Grant);
        if (found is null) Parts.Add(found = new ChargedPart(part.Bucket, part.Grant));
        return found;
    }
}

/// <summary>All that a user's ledger says of one reservation, or of one Track: pure, from its events and the state that they led to.</summary>
internal sealed class Charge
{
    private readonly ReservationStory story;
    private readonly LedgerState state;

    public Charge(Guid reservation, ReservationStory story, List<LateStep> later, LedgerState state)
    {
        (Reservation, this.story, Later, this.state) = (reservation, story, later, state);
        foreach (var draw in Taken()) Add(draw, (part, amount) => part.Taken += amount);
        foreach (var draw in Past.Unused?.Draws ?? Past.Released?.Draws ?? []) Add(draw, (part, amount) => part.Unused += amount);
        foreach (var draw in later.SelectMany(one => one.Refunded.Draws)) Add(draw, (part, amount) => part.Refunded += amount);
    }

    public Guid Reservation { get; }
    public IReadOnlyList<(long Revision, LedgerEvent Happened)> Steps => story.Events;
    public List<LateStep> Later { get; }
    public List<ChargedGroup> Groups { get; } = [];
    public long Revision => state.Revision;

    public Plan? Plan => state.FindPlan(Assignment)?.Plan;
    public int? Period => Past.Reserved?.Period ?? Past.Committed?.Period ?? Past.Tracked?.Period;
    public bool IsPeriodClosed => Period is { } period && state.Period(period) is null;
    public Guid? Parent => Past.Reserved?.Parent;

    /// <summary>Really used or, where nothing was charged, asked for.</summary>
    public IEnumerable<UsedLine> Lines => Past.Committed?.Lines ?? Past.Tracked?.Lines ?? story.Events.SelectMany(one => LinesOf(one.Happened));

    public IEnumerable<Grant> Grants => state.Grants.Where(grant => Groups.Exists(group => group.Parts.Exists(part => part.Grant == grant.Id)));

    private Past Past => story.Past;
    private int Assignment => Past.Reserved?.Assignment ?? Past.Committed?.Assignment ?? Past.Tracked?.Assignment ?? 0;

    public long RefundedOf(string meter, Attributes attributes) => Later
        .SelectMany(one => one.Refunded.Lines)
        .Where(line => line.Meter == meter && line.Attributes.Equals(attributes))
        .Sum(line => line.Quantity);

    /// <summary>An expiry is a fact before it is recorded, with the next command.</summary>
    public ChargeStage StageAt(DateTimeOffset now) => Past switch
    {
        { Tracked: not null } => ChargeStage.Tracked,
        { Committed: not null } => ChargeStage.Committed,
        { Released.Reason: ReleaseReason.Expired } => ChargeStage.Expired,
        { Released: not null } => ChargeStage.Released,
        _ when state.Holds.TryGetValue(Reservation, out var hold) && hold.ExpiresAt > now => ChargeStage.Open,
        _ => ChargeStage.Expired,
    };

    private IEnumerable<Draw> Taken() => Past.Committed?.Draws ?? Past.Tracked?.Draws ?? story.Events.SelectMany(one => HeldBy(one.Happened));

    private static Items<Draw> HeldBy(LedgerEvent happened) => happened switch
    {
        Reserved reserved => reserved.Draws,
        HoldExtended extended => extended.Draws,
        _ => [],
    };

    private static Items<UsedLine> LinesOf(LedgerEvent happened) => happened switch
    {
        Reserved reserved => reserved.Lines,
        HoldExtended extended => extended.Lines,
        _ => [],
    };

    private void Add(Draw draw, Action<ChargedPart, long> add)
    {
        var group = Groups.Find(one => one.Group == draw.Group && one.Since == draw.Since && one.Start == draw.Start);
        if (group is null) Groups.Add(group = new ChargedGroup(draw.Group, draw.Since, draw.Start, draw.End));
        foreach (var part in draw.Parts) add(group.Of(part), part.Amount);
    }
}

/// <summary>How far a reservation has come.</summary>
internal enum ChargeStage { Open, Committed, Released, Expired, Tracked }
