using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>A user's billing periods that have ended, with their totals.</summary>
internal sealed class PeriodsVerb : Verb
{
    private const int Page = 1_000;

    private readonly Argument<string> user;

    public PeriodsVerb() : base("periods", "A user's billing periods that have ended, with their totals.") => user = AddUser();

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var who = asked.GetRequiredValue(user);
        var periods = await session.All(
            (token, call) => session.Balances.ListPeriodsAsync(new() { User = who, PageSize = Page, PageToken = token }, call),
            reply => reply.Periods, reply => reply.NextPageToken, cancellation);
        if (periods.Count == 0) await session.Expect(who, cancellation);
        foreach (var period in periods) session.Screen.Record(period);
        if (periods.Count == 0) session.Screen.Say($"no period of {who} has ended");
        session.Screen.Table(
            [Column.Number("period"), "start", "end", "state", .. Totals.Columns],
            periods.SelectMany(period => Totals.Rows(period.Groups).Select(total => Head(period).Concat(total).ToArray())));
        return Exit.Ok;
    }

    private static string[] Head(PeriodDocument period) =>
        [$"{period.Period.Number}", Words.Time(period.Period.Start), Words.Time(period.Period.End), Words.Name(period.State)];
}
