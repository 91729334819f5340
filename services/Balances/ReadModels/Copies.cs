using Metering.Ledger.Accounts;

namespace Metering.Balances.ReadModels;

/// <summary>Copies of what folding changes in place.</summary>
internal static class Copies
{
    public static GroupUse Of(GroupUse use) => new(use.Group, use.Since) { Windows = [.. use.Windows.Select(Of)] };

    public static Grant Of(Grant grant) => new(grant.Id, grant.Unit, grant.Amount, grant.Priority, grant.GrantedAt, grant.Source, grant.Revision)
    {
        ExpiresAt = grant.ExpiresAt, Used = grant.Used, Held = grant.Held, Expired = grant.Expired, Revoked = grant.Revoked,
    };

    /// <summary>What was reserved is asked for by decisions only.</summary>
    public static Hold WithoutLines(Hold hold) => new(hold.Reservation, hold.At, hold.Grace, hold.Assignment, hold.Period)
    {
        Deadline = hold.Deadline, Draws = hold.Draws, Parent = hold.Parent, IsRun = hold.IsRun,
    };

    public static PeriodUse Of(PeriodUse use) => new(use.Period, use.Assignment)
    {
        OpenHolds = use.OpenHolds, Groups = [.. use.Groups.Select(Of)], Meters = [.. use.Meters.Select(Of)],
    };

    private static WindowUse Of(WindowUse window) => new(window.Start, window.End)
    {
        RolloverSize = window.RolloverSize, RolloverUsed = window.RolloverUsed, RolloverHeld = window.RolloverHeld, QuotaUsed = window.QuotaUsed,
        QuotaHeld = window.QuotaHeld, OverageUsed = window.OverageUsed, OverageHeld = window.OverageHeld,
        OpenDraws = window.OpenDraws, Reached = [.. window.Reached],
    };

    public static GroupSum Of(GroupSum sum) => new(sum.Group, sum.Since)
    {
        Rollover = sum.Rollover, Quota = sum.Quota, Credit = sum.Credit, Overage = sum.Overage, AdjustedUsage = sum.AdjustedUsage,
        AdjustedOverage = sum.AdjustedOverage, AdjustedCharge = sum.AdjustedCharge, LimitAtEnd = sum.LimitAtEnd, Windows = [.. sum.Windows],
    };

    private static MeterSum Of(MeterSum sum) => new(sum.Meter) { Quantity = sum.Quantity, Overrun = sum.Overrun };
}
