using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>What a user has, used and has left, as reads show it.</summary>
internal static class Balance
{
    public static Usage Of(Context context)
    {
        var state = context.State;
        return new Usage(
            context.At, state.AppendedRevision, state.Plan?.Plan.Id, state.Plan?.Plan.Version ?? 0, state.Suspended, state.Current?.Period,
            state.Plan is { } plan ? Groups(context, plan) : [], state.Grants.Select(Of).ToItems(), state.Holds.Count);
    }

    private static Items<GroupUsage> Groups(Context context, PlanInForce plan)
    {
        var grants = new GrantRoom(context);
        var rooms = plan.Plan.Groups
            .Select(group => new Room(
                context, group, plan.SinceOf(group.Label), context.WindowOf(plan, group, context.State.Current!.Period), grants))
            .ToArray();
        return rooms.Select(room => Of(room, rooms)).ToItems();
    }

    private static GroupUsage Of(Room room, Room[] rooms)
    {
        var (group, use) = (room.Group, room.Use);
        return new GroupUsage(
            group.Label, group.Unit, group.Kind, room.Window.Start, room.Window.End, room.Limit, use?.RolloverSize ?? 0,
            use?.Used ?? 0, use?.Held ?? 0, use?.OverageUsed ?? 0, group.Overage?.Cap ?? 0, Bounded(room, rooms),
            Totals.Charge(group, use?.OverageUsed ?? 0));
    }

    /// <summary>Available is bounded by every cap that covers all that the group does (rule 4).</summary>
    private static long Bounded(Room room, Room[] rooms) => rooms
        .Where(other => other.Group.Kind == GroupKind.Cap && other.Group.Unit == room.Group.Unit && CoversAll(other.Group, room.Group))
        .Aggregate(room.Available, (least, cap) => Math.Min(least, cap.Available));

    private static bool CoversAll(LimitGroup cap, LimitGroup group) =>
        group.Matches.All(match => cap.Matches.Any(wider => IsWider(wider, match)));

    private static bool IsWider(Match wider, Match match) => match.Where.Have(wider.Where)
        && (wider.Meter == match.Meter || (wider.Meter.EndsWith('*') && match.Meter.StartsWith(wider.Meter[..^1], StringComparison.Ordinal)));

    private static GrantUsage Of(Grant grant) => new(
        grant.Id, grant.Unit, grant.Amount, grant.Used, grant.Held, grant.Expired, grant.Priority, grant.ExpiresAt, grant.Source);
}
