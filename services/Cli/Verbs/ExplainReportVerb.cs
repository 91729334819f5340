using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Why a report to Stripe is what it is: its period's totals, and every event of the ledger that they are the sum of.</summary>
internal sealed class ExplainReportVerb : Verb
{
    private readonly Argument<string> identifier;

    public ExplainReportVerb() : base("explain-report", "Explain a report to Stripe down to the ledger's events that sum to it.")
    {
        identifier = new Argument<string>("IDENTIFIER") { Description = "The report's identifier." };
        Add(identifier);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ExplainReportRequest { Identifier = asked.GetRequiredValue(identifier) };
        var (line, events) = (new BilledLine(), new List<BilledEvent>());
        await foreach (var reply in session.Read(call => session.Billing.ExplainReport(request, call), cancellation))
        {
            session.Screen.Record(reply);
            if (reply.Line is { } first) line = first;
            events.AddRange(reply.Events);
        }
        Show(session.Screen, line, events);
        return Exit.Ok;
    }

    private static void Show(Screen screen, BilledLine billed, List<BilledEvent> events)
    {
        var (line, report) = (billed.Line, billed.Report);
        screen.Say($"{report.Identifier}: {Words.Count(report.Value)} on {line.StripeMeter} for {line.User}, {Words.Term(report.State)}");
        Explained.ShowTotals(screen, billed);
        screen.Say(
            $"{Explained.Target(line)}; planned before {Words.Count(line.Reported)}; this report {Words.Count(report.Value)}; "
            + $"others of the same difference {Words.Count(billed.Rest)}");
        Explained.ShowCarries(screen, billed);
        Explained.ShowEvents(screen, events);
    }
}
