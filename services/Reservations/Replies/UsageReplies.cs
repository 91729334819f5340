using Metering.Ledger.Accounts;
using static Metering.Reservations.Replies.Values;

namespace Metering.Reservations.Replies;

/// <summary>A user's balances as a message.</summary>
internal static class UsageReplies
{
    public static V1.Usage Of(string user, Usage usage)
    {
        var message = new V1.Usage
        {
            User = user, At = Moment(usage.At), Revision = usage.Revision, PlanVersion = usage.PlanVersion, Suspended = usage.Suspended,
            Period = Period(usage.Period), OpenHolds = usage.OpenHolds,
        };
        if (usage.Plan is { } plan) message.PlanId = plan;
        Fill(message.Groups, usage.Groups, Group);
        Fill(message.Grants, usage.Grants, Grant);
        return message;
    }

    private static V1.GroupUsage Group(GroupUsage group)
    {
        var message = new V1.GroupUsage
        {
            Group = group.Group, Unit = group.Unit, Kind = Kind(group.Kind), WindowStart = Moment(group.Start), WindowEnd = End(group.End),
            Quota = group.Quota, Rollover = group.Rollover, Used = group.Used, Held = group.Held, Overage = group.Overage,
            Available = group.Available, Charge = group.Charge,
        };
        if (group.OverageCap != long.MaxValue) message.OverageCap = group.OverageCap;
        return message;
    }

    private static V1.GrantUsage Grant(GrantUsage grant) => new()
    {
        GrantId = grant.Grant.ToString(), Unit = grant.Unit, Amount = grant.Amount, Used = grant.Used, Held = grant.Held, Expired = grant.Expired,
        Priority = grant.Priority, ExpiresAt = End(grant.ExpiresAt), Source = grant.Source,
    };
}
