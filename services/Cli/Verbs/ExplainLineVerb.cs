using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Why a line of an invoice is what it is: its totals, its reports, and the ledger's events that they are the sum of.</summary>
internal sealed class ExplainLineVerb : Verb
{
    private readonly Argument<string> user;
    private readonly Argument<int> period;
    private readonly Argument<string> group;
    private readonly Argument<string?> meter;

    public ExplainLineVerb() : base("explain-line", "Explain a line of an invoice down to the ledger's events that sum to it.")
    {
        user = AddUser();
        period = AddPeriod();
        group = new Argument<string>("GROUP") { Description = "The limit group's label, as lines shows it." };
        Add(group);
        meter = new Argument<string?>("METER")
        {
            Description = "The Stripe meter. Without it, the only one that the group reports to.", Arity = ArgumentArity.ZeroOrOne,
        };
        Add(meter);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ExplainLineRequest
        {
            User = asked.GetRequiredValue(user), Period = asked.GetValue(period), Group = asked.GetRequiredValue(group),
            StripeMeter = asked.GetValue(meter) ?? "",
        };
        var (line, events) = (new BilledLine(), new List<BilledEvent>());
        await foreach (var reply in session.Read(call => session.Billing.ExplainLine(request, call), cancellation))
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
        var line = billed.Line;
        screen.Say($"{Words.Count(line.Target)} on {line.StripeMeter} for {line.User}");
        Explained.ShowTotals(screen, billed);
        var rest = Words.Count(line.Target - line.Reported);
        screen.Say($"{Explained.Target(line)}; reported {Words.Count(line.Reported)}; to be reported {rest}");
        screen.Table(
            ["report", Column.Number("value"), "timestamp", "state"],
            billed.Reports.Select(one => new[]
            {
                one.Identifier, Words.Count(one.Value), Words.Time(one.Timestamp), Words.Term(one.State),
            }));
        Explained.ShowCarries(screen, billed);
        Explained.ShowEvents(screen, events);
    }
}
