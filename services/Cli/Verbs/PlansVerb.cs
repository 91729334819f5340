using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>The latest version of each plan.</summary>
internal sealed class PlansVerb : Verb
{
    private const int Page = 1_000;

    private readonly Option<bool> retired;

    public PlansVerb() : base("plans", "The latest version of each plan.") =>
        retired = AddSwitch("--retired", "Plans that are assigned to nobody any more, too.");

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var too = asked.GetValue(retired);
        var plans = await session.All(
            (token, call) => session.Catalog.ListPlansAsync(new() { PageSize = Page, PageToken = token, IncludeRetired = too }, call),
            reply => reply.Plans, reply => reply.NextPageToken, cancellation);
        foreach (var plan in plans) session.Screen.Record(plan);
        if (plans.Count == 0) session.Screen.Say("no plans");
        session.Screen.Table(
            [
                "plan", Column.Number("version"), "published", "retired", "period", "zone", "fee", "group", "unit", "kind", "window",
                Column.Number("quota"), "overage", "stripe meter", Column.Number("scale"), "reports",
            ],
            plans.SelectMany(Rows));
        return Exit.Ok;
    }

    private static IEnumerable<string[]> Rows(PublishedPlan published)
    {
        var plan = published.Plan;
        string[] head =
        [
            plan.Id, $"{plan.Version}", Words.Time(published.PublishedAt), Words.Time(published.RetiredAt), Words.Name(plan.Period),
            plan.Zone,
            $"{Words.Money(plan.BaseFee)} {plan.Currency}",
        ];
        if (plan.Groups.Count == 0) return [[.. head, .. Enumerable.Repeat("", 9)]];
        return plan.Groups.Select(group => head.Concat(Cells(group)).ToArray());
    }

    private static string[] Cells(LimitGroup group) =>
    [
        group.Label, group.Unit, Words.Name(group.Kind), Words.Name(group.Window), Words.Amount(group.Quota, group.Unit),
        group.Overage is { } overage ? overage.HasCap ? $"up to {Words.Amount(overage.Cap, group.Unit)}" : "no bound" : "none",
        .. group.Reporting is { } reporting
            ? new[] { reporting.StripeMeter, Words.Count(reporting.Scale), Words.Name(reporting.What) }
            : ["", "", ""],
    ];
}
