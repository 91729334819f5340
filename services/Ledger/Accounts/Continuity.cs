using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>Which groups of a plan count on where the plan before it stopped (rule 18): those of the same label, unit and window.</summary>
public static class Continuity
{
    public static Items<int> SinceOf(PlanInForce plan, PlanInForce? last)
    {
        var since = new int[plan.Plan.Groups.Count];
        for (var i = 0; i < since.Length; i++) since[i] = SinceOf(plan, plan.Plan.Groups[i], last);
        return new(since);
    }

    private static int SinceOf(PlanInForce plan, LimitGroup group, PlanInForce? last) =>
        last?.Plan.Group(group.Label) is { } before && SameWindow(plan, group, last, before) ? last.SinceOf(group.Label) : plan.Assignment;

    private static bool SameWindow(PlanInForce plan, LimitGroup group, PlanInForce last, LimitGroup before) =>
        group.Unit == before.Unit && group.Kind == before.Kind && group.Window == before.Window && SameGrid(plan, group, last, before);

    /// <summary>Lifetimes and billing periods need no grid; calendar windows the zone; others the subscription's start too.</summary>
    private static bool SameGrid(PlanInForce plan, LimitGroup group, PlanInForce last, LimitGroup before) =>
        group.Window is WindowLength.Lifetime or WindowLength.BillingPeriod
        || (group.Anchor == before.Anchor && plan.Plan.Zone == last.Plan.Zone
            && (group.Anchor == Anchor.Calendar || plan.Anchor == last.Anchor));
}
