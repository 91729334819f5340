using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>
/// Compares the ledgers with what Stripe has and explains each difference. Ends with 1 if there is one, or something could not be compared.
/// </summary>
internal sealed class ReconcileVerb : Verb
{
    private static readonly string[] Fields =
    [
        "stripe_customer", "stripe_meter", "from", "to", "users", "ledger", "reported", "stripe", "cause", "value", "identifiers",
    ];

    private readonly Option<string?> user;
    private readonly Option<int> period;
    private readonly Option<bool> record;
    private readonly Option<bool> recheck;
    private readonly Option<bool> csv;

    public ReconcileVerb()
        : base("reconcile", "Compare the ledgers with what Stripe has, and explain each difference. Ends with 1 if there is one.")
    {
        user = new Option<string?>("--user") { HelpName = "U", Description = "This user only." };
        Add(user);
        period = AddOption("--period", "N", "This billing period only.", Reading.Period);
        record = AddSwitch("--record", "Confirm what is there and mark what is missing, differences after a second look. Takes a while.");
        recheck = AddSwitch("--recheck", "Read what was found to be right before, too.");
        csv = AddCsv("difference");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var isCsv = IsCsv(session, asked, csv);
        var request = new ReconcileRequest
        {
            Period = asked.GetValue(period), Record = asked.GetValue(record), Recheck = asked.GetValue(recheck),
        };
        if (asked.GetValue(user) is { } one) request.User = one;
        var (windows, summary) = (new List<ReconciledWindow>(), new ReconcileSummary());
        await foreach (var reply in session.Read(call => session.Billing.Reconcile(request, call), cancellation))
        {
            session.Screen.Record(reply);
            if (reply.Window is { } window) windows.Add(window);
            else summary = reply.Summary;
        }
        if (summary.Windows == 0 && request.HasUser) await session.Expect(request.User, cancellation);
        if (isCsv) ShowCsv(session.Screen, windows, summary);
        else Show(session.Screen, windows, summary);
        return summary is { ToDo: 0, Failed: 0, Skipped: 0 } ? Exit.Ok : Exit.No;
    }

    private static void Show(Screen screen, List<ReconciledWindow> windows, ReconcileSummary summary)
    {
        screen.Table(
            [
                "customer", "meter", "from", "to", "users", .. new[] { "ledger", "reported", "stripe" }.Select(Column.Number), "cause",
                Column.Number("difference"), "reports",
            ],
            windows.SelectMany(Rows));
        foreach (var failed in windows.Where(window => window.Failure.Length > 0))
            screen.Say($"{failed.StripeCustomer} on {failed.StripeMeter}: {failed.Failure}");
        screen.Say(
            $"{Words.Count(summary.Windows)} windows compared, {Words.Count(summary.Differing)} differ, {Words.Count(summary.ToDo)} of them to do, "
            + $"{Words.Count(summary.Failed)} failed, {Words.Count(summary.Skipped)} skipped; {Found(summary)}; "
            + $"{Words.Count(summary.ReadsLeft)} reads left");
    }

    private static IEnumerable<string[]> Rows(ReconciledWindow window) => Parts(window).Select(part => new[]
    {
        window.StripeCustomer, window.StripeMeter, Words.Time(window.From), Words.Time(window.To), string.Join(" ", window.Users),
        Words.Count(window.Ledger), Words.Count(window.Reported), window.Stripe,
        part is null ? "" : Words.Term(part.Cause), part?.Value ?? "", string.Join(" ", part?.Identifiers ?? []),
    });

    private static string Found(ReconcileSummary summary) =>
        $"{Words.Count(summary.Confirmed)} reports confirmed, {Words.Count(summary.Missing)} missing"
        + (summary.Missing == 0 ? "" : ": resync sends them anew");

    // what was recorded is in no line of a difference
    private static void ShowCsv(Screen screen, List<ReconciledWindow> windows, ReconcileSummary summary)
    {
        screen.Csv(Fields, windows.SelectMany(window => Parts(window).Select(part => Values(window, part))));
        if (summary.Recorded) screen.Remark($"recorded: {Found(summary)}");
    }

    private static string[] Values(ReconciledWindow window, Difference? part) =>
    [
        window.StripeCustomer, window.StripeMeter, Words.Time(window.From), Words.Time(window.To), string.Join(" ", window.Users),
        $"{window.Ledger}", $"{window.Reported}", window.Stripe, part is null ? window.Failure : Words.Term(part.Cause), part?.Value ?? "",
        string.Join(" ", part?.Identifiers ?? []),
    ];

    /// <summary>A window without a difference is a row all the same.</summary>
    private static IEnumerable<Difference?> Parts(ReconciledWindow window) => window.Differences.DefaultIfEmpty();
}
