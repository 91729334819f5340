using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>Percentages of quota and rollover that net use reaches: a fact once per window (rule 20).</summary>
internal static class Thresholds
{
    /// <summary>What the draws of these events reached, after they were folded.</summary>
    public static IEnumerable<ThresholdReached> ReachedBy(LedgerState state, IEnumerable<LedgerEvent> events, DateTimeOffset at) => events
        .SelectMany(DrawsOf)
        .DistinctBy(draw => (draw.Group, draw.Since, draw.Start))
        .SelectMany(draw => Reached(state, draw, at));

    /// <summary>Raising a limit re-arms what is above present use; a limit that stays and refunds re-arm nothing.</summary>
    /// <param name="before">The limit until now.</param>
    public static void Rearm(LedgerState state, LimitGroup group, int since, long before)
    {
        if (state.Limit(group) <= before || state.Use(group.Label, since) is not { } use) return;
        foreach (var window in use.Windows)
            window.Reached.RemoveAll(percent => !IsReached(NetUse(window), LimitOf(state, group, window), percent));
    }

    // what a commit or a track charged; a hold is not use yet
    private static IEnumerable<Draw> DrawsOf(LedgerEvent happened) => happened switch
    {
        Committed committed => committed.Draws,
        UsageTracked tracked => tracked.Draws,
        _ => [],
    };

    private static IEnumerable<ThresholdReached> Reached(LedgerState state, Draw draw, DateTimeOffset at)
    {
        if (state.Plan is not { } plan || plan.Plan.Group(draw.Group) is not { Thresholds: { } percents } group) yield break;
        // a cap's window that is over limits nobody
        if (group.Kind == GroupKind.Cap && draw.End <= at) yield break;
        if (plan.SinceOf(draw.Group) != draw.Since || state.Use(draw.Group, draw.Since)?.At(draw.Start) is not { } window) yield break;
        var (used, limit) = (NetUse(window), LimitOf(state, group, window));
        for (var i = 0; i < percents.Count; i++)
            if (!window.Reached.Contains(percents[i]) && IsReached(used, limit, percents[i]))
                yield return new(at, draw.Group, draw.Since, draw.Start, draw.End, percents[i], used, limit);
    }

    private static long NetUse(WindowUse window) => window.Used;

    private static long LimitOf(LedgerState state, LimitGroup group, WindowUse window) => Capped.Sum(state.Limit(group), window.RolloverSize);

    private static bool IsReached(long used, long limit, int percent) => (Int128)used * 100 >= (Int128)limit * percent && used > 0;
}
