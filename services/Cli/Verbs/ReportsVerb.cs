using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>The reports to Stripe with the identifiers that the verbs on one report take; looking changes nothing.</summary>
internal sealed class ReportsVerb : Verb
{
    private const int Page = 1_000;

    private static readonly string[] Fields =
    [
        "identifier", "user", "period", "group", "stripe_meter", "stripe_customer", "value", "timestamp", "state", "attempts", "error_code",
        "error_message",
    ];

    private readonly Argument<string?> user;
    private readonly Option<ReportState> state;
    private readonly Option<bool> csv;

    public ReportsVerb() : base("reports", "The reports to Stripe, of a user or of all: identifier, value, state, the last refusal.")
    {
        user = AddUserOrAll();
        state = AddOption("--state", "S", $"In this state only: {Words.StateTerms}.", Reading.State);
        csv = AddCsv("report");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var isCsv = IsCsv(session, asked, csv);
        var reports = await session.All(
            (token, call) => session.Billing.ListReportsAsync(RequestOf(asked, token), call),
            reply => reply.Reports, reply => reply.NextPageToken, cancellation);
        if (reports.Count == 0 && asked.GetValue(user) is { } one) await session.Expect(one, cancellation);
        foreach (var report in reports) session.Screen.Record(report);
        if (isCsv) session.Screen.Csv(Fields, reports.Select(Values));
        else Show(session.Screen, reports);
        return Exit.Ok;
    }

    private ListReportsRequest RequestOf(ParseResult asked, string token)
    {
        var request = new ListReportsRequest { State = asked.GetValue(state), PageSize = Page, PageToken = token };
        if (asked.GetValue(user) is { } one) request.User = one;
        return request;
    }

    private static void Show(Screen screen, List<Report> reports)
    {
        screen.Table(
            [
                "identifier", "user", Column.Number("period"), "group", "meter", Column.Number("value"), "timestamp", "state",
                Column.Number("attempts"), "refusal",
            ],
            reports.Select(Row));
        screen.Say(reports.Count == 0 ? "no reports" : $"{Words.Count(reports.Count)} reports");
    }

    private static string[] Row(Report report) =>
    [
        report.Identifier, report.User, $"{report.Period}", report.Group, report.StripeMeter, Words.Count(report.Value),
        Words.Time(report.Timestamp), Words.Term(report.State), Words.Count(report.Attempts),
        string.Join(": ", new[] { report.ErrorCode, report.ErrorMessage }.Where(part => part.Length > 0)),
    ];

    private static string[] Values(Report report) =>
    [
        report.Identifier, report.User, $"{report.Period}", report.Group, report.StripeMeter, report.StripeCustomer, $"{report.Value}",
        Words.Time(report.Timestamp), Words.Term(report.State), $"{report.Attempts}", report.ErrorCode, report.ErrorMessage,
    ];
}
