using Metering.V1;

namespace Metering.Cli;

/// <summary>A period's totals per group, as rows of a table.</summary>
internal static class Totals
{
    public static readonly Column[] Columns =
    [
        "group", "unit", Column.Number("rollover"), Column.Number("quota"), Column.Number("credit"), Column.Number("overage"),
        Column.Number("charge"), Column.Number("adjusted usage"), Column.Number("adjusted overage"), Column.Number("adjusted charge"),
        Column.Number("rolled over"),
    ];

    /// <summary>A row per group; one without any group where there is none, so that its period is shown all the same.</summary>
    public static IEnumerable<string[]> Rows(IReadOnlyCollection<GroupTotal> groups) =>
        groups.Count == 0 ? [Columns.Select(_ => "").ToArray()] : groups.Select(Row);

    private static string[] Row(GroupTotal group)
    {
        string Amount(long amount) => Words.Amount(amount, group.Unit);
        return
        [
            group.Group, group.Unit, Amount(group.Rollover), Amount(group.Quota), Amount(group.Credit), Amount(group.Overage),
            Words.Money(group.Charge), Amount(group.AdjustedUsage), Amount(group.AdjustedOverage), Words.Money(group.AdjustedCharge),
            Amount(group.RolledOver),
        ];
    }
}
