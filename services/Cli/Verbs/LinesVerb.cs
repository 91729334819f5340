using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>What each line of an invoice is to come to, and what is reported of it; looking changes nothing.</summary>
internal sealed class LinesVerb : Verb
{
    private const int Page = 1_000;

    private static readonly string[] Fields =
    [
        "user", "period", "group", "stripe_meter", "value", "carried_in", "carried_out", "target", "reported", "rest", "waits",
    ];

    private readonly Argument<string?> user;
    private readonly Option<bool> unsettled;
    private readonly Option<bool> csv;

    public LinesVerb() : base("lines", "What each period's groups are to come to on their Stripe meters, and what is reported of it.")
    {
        user = AddUserOrAll();
        unsettled = AddSwitch("--unsettled", "Only those with a rest: for a resync to send, or to be carried forward.");
        csv = AddCsv("line of an invoice");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var isCsv = IsCsv(session, asked, csv);
        var lines = await session.All(
            (token, call) => session.Billing.ListLinesAsync(RequestOf(asked, token), call),
            reply => reply.Lines, reply => reply.NextPageToken, cancellation);
        if (lines.Count == 0 && asked.GetValue(user) is { } one) await session.Expect(one, cancellation);
        foreach (var line in lines) session.Screen.Record(line);
        if (isCsv) session.Screen.Csv(Fields, lines.Select(line => Values(line, number => $"{number}")));
        else Show(session.Screen, lines);
        return Exit.Ok;
    }

    private ListLinesRequest RequestOf(ParseResult asked, string token)
    {
        var request = new ListLinesRequest { UnsettledOnly = asked.GetValue(unsettled), PageSize = Page, PageToken = token };
        if (asked.GetValue(user) is { } one) request.User = one;
        return request;
    }

    private static void Show(Screen screen, List<ReportLine> lines)
    {
        screen.Table(
            [
                "user", Column.Number("period"), "group", "meter",
                .. new[] { "value", "carried in", "carried out", "target", "reported", "rest" }.Select(Column.Number), "waits",
            ],
            lines.Select(line => Values(line, Words.Count)));
        screen.Say(lines.Count == 0 ? "no lines" : $"{Words.Count(lines.Count)} lines");
    }

    private static string[] Values(ReportLine line, Func<long, string> number) =>
    [
        line.User, $"{line.Period}", line.Group, line.StripeMeter,
        .. new[] { line.Value, line.CarriedIn, line.CarriedOut, line.Target, line.Reported, line.Target - line.Reported }.Select(number),
        line.Waits == CarryReason.Unspecified ? "" : Words.Term(line.Waits),
    ];
}
