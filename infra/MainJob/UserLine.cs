using Metering.V1;

namespace Metering.MainJob;

/// <summary>A user in the table of users.</summary>
internal sealed record UserLine(string User, long Calls, long Quota, long Used, long Refunded, long Overage, long Charge)
{
    private const int Shown = 10;

    internal static IReadOnlyList<string> Heads { get; } = ["user", "calls", "quota", "used", "refunded", "overage", "left", "overage charge"];

    /// <summary>What is left of the quota: the overage has no bound.</summary>
    internal long Left { get; init; } = Math.Max(0, Quota - (Used - Overage));

    internal static UserLine Of(User user, UsageOf balances, PeriodsOf periods)
    {
        var groups = balances.GetValueOrDefault(user.Id)?.Groups ?? [];
        var live = groups.FirstOrDefault(group => group.Group == Plans.Group) ?? new GroupUsage();
        var closed = periods.GetValueOrDefault(user.Id, []).SelectMany(period => period.Groups).Where(group => group.Group == Plans.Group);
        return new UserLine(user.Id, user.Rows.Count, live.Quota, live.Used, user.Unused, live.Overage, closed.Sum(group => group.Charge));
    }

    /// <summary>Those with the most use, then a line that sums up all.</summary>
    internal static IEnumerable<IReadOnlyList<string>> Rows(IReadOnlyList<UserLine> lines)
    {
        var ordered = lines.OrderByDescending(line => line.Used).ThenBy(line => line.User, StringComparer.Ordinal);
        foreach (var line in ordered.Take(Shown)) yield return line.Cells();
        yield return Sum(lines).Cells();
    }

    private static UserLine Sum(IReadOnlyList<UserLine> lines) => new(
        $"all {lines.Count} users", lines.Sum(line => line.Calls), lines.Sum(line => line.Quota), lines.Sum(line => line.Used),
        lines.Sum(line => line.Refunded), lines.Sum(line => line.Overage), lines.Sum(line => line.Charge))
    {
        Left = lines.Sum(line => line.Left),
    };

    private IReadOnlyList<string> Cells() =>
    [
        User, Words.Count(Calls), Words.Count(Quota), Words.Count(Used), Words.Count(Refunded), Words.Count(Overage), Words.Count(Left),
        Words.Cents(Charge),
    ];
}
