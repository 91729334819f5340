using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>Percentages of quota and rollover that net use reaches: a fact once per window (rule 20).</summary>
internal static class Thresholds
{
    /// <summary>What the draws of these events reached, after they were folded.</summary>
    public static List<ThresholdReached> ReachedBy(LedgerState state, IEnumerable<LedgerEvent> events, DateTimeOffset at)
    {
        var reached = new List<ThresholdReached>();
        foreach (var happened in events)
            if (ChargedBy(happened) is { } charged)
                foreach (var draw in charged.Draws) Add(reached, state, state.PlanOf(state.Period(charged.Period)!.Assignment), draw, at);
        return reached;
    }

    /// <summary>
    /// To be disposed after a change of limits: where quota and rollover were raised, those above present use are armed again. Refunds
    /// re-arm nothing, nor does a limit that stays or is lowered.
    /// </summary>
    public static Rearm Rearming(LedgerState state) => new(state, [.. Limits(state).Where(one => one.Window.Reached.Count > 0)]);

    // what a commit or a track charged; a hold is not use yet
    private static (int Period, Items<Draw> Draws)? ChargedBy(LedgerEvent happened) => happened switch
    {
        Committed committed => (committed.Period, committed.Draws),
        UsageTracked { Period: { } period } tracked => (period, tracked.Draws),
        _ => null,
    };

    private static void Add(List<ThresholdReached> reached, LedgerState state, PlanInForce plan, Draw draw, DateTimeOffset at)
    {
        if (plan.Plan.Group(draw.Group) is not { Thresholds: { } percents } group || plan.SinceOf(draw.Group) != draw.Since) return;
        if (state.Use(draw.Group, draw.Since)?.At(draw.Start) is not { } window) return;
        var limit = LimitOf(state, group, draw.Since, window);
        for (var i = 0; i < percents.Count; i++)
            if (IsReached(window.Used, limit, percents[i]) && !window.Reached.Contains(percents[i]))
                reached.Add(new(at, draw.Group, draw.Since, draw.Start, draw.End, percents[i], window.Used, limit));
    }

    private static IEnumerable<(WindowUse Window, long Limit)> Limits(LedgerState state)
    {
        if (state.LastPlan is not { } plan) yield break;
        for (var i = 0; i < plan.Since.Count; i++)
            foreach (var window in (state.Use(plan.Plan.Groups[i].Label, plan.Since[i])?.Windows ?? []).AsEnumerable())
                yield return (window, LimitOf(state, plan.Plan.Groups[i], plan.Since[i], window));
    }

    private static long LimitOf(LedgerState state, LimitGroup group, int since, WindowUse window) =>
        Capped.Sum(state.Limit(group, since, window.Start), window.RolloverSize);

    private static bool IsReached(long used, long limit, int percent) => (Int128)used * 100 >= (Int128)limit * percent && used > 0;

    /// <summary>What limits were before a change.</summary>
    public readonly struct Rearm(LedgerState state, (WindowUse Window, long Limit)[] before) : IDisposable
    {
        public void Dispose()
        {
            if (before.Length == 0) return;
            foreach (var (window, limit) in Limits(state))
                if (Array.Exists(before, one => one.Window == window && limit > one.Limit))
                    window.Reached = window.Reached.Where(percent => IsReached(window.Used, limit, percent)).ToItems();
        }
    }
}
