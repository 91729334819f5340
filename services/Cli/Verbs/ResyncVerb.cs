using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>
/// Compares what is reported to Stripe with the ledger and sends the difference; twice, it sends nothing the second time.
/// </summary>
internal class ResyncVerb : Verb
{
    private readonly Argument<string?> user;
    private readonly Option<bool> all;
    private readonly Option<int> period;
    private readonly Option<bool> dryRun;

    public ResyncVerb() : this("resync", "Compare what is reported to Stripe with the ledger, and send the difference.")
    {
    }

    protected ResyncVerb(string name, string description) : base(name, description)
    {
        user = new Argument<string?>("USER") { Description = "The user's id.", Arity = ArgumentArity.ZeroOrOne };
        Add(user);
        all = AddSwitch("--all", "Every user that has a ledger.");
        period = AddOption("--period", "N", "This billing period only.", Reading.Period);
        dryRun = AddSwitch("--dry-run", "Only say what would be done.");
    }

    /// <summary>True if what Stripe can no longer bill is carried even where the service waits for an operator to say so.</summary>
    protected virtual bool CarriesForward => false;

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = RequestOf(asked);
        var users = new List<ResyncedUser>();
        var summary = new ResyncSummary();
        await foreach (var reply in session.Read(call => session.Billing.Resync(request, call), cancellation))
        {
            session.Screen.Record(reply);
            if (reply.User is { } one) users.Add(one);
            else summary = reply.Summary;
        }
        Show(session.Screen, users, summary);
        return summary.Failed == 0 ? Exit.Ok : Exit.No;
    }

    private ResyncRequest RequestOf(ParseResult asked)
    {
        var request = new ResyncRequest { Period = asked.GetValue(period), DryRun = asked.GetValue(dryRun), CarryForward = CarriesForward };
        var one = asked.GetValue(user);
        if (one is null != asked.GetValue(all)) throw new BadInputException("expected USER, or --all for every user");
        if (one is not null) request.User = one;
        return request;
    }

    private static void Show(Screen screen, List<ResyncedUser> users, ResyncSummary summary)
    {
        var would = summary.DryRun ? "would be " : "";
        if (summary.DryRun) screen.Say("dry run: nothing was recorded or sent; this is how the lines would stand");
        screen.Table(
            [
                "user", Column.Number("period"), "group", "meter", Column.Number("target"),
                .. new[] { "reported", "planned", "carried" }.Select(done => Column.Number($"{would}{done}")), Column.Number("to period"),
                "waits", "identifiers",
            ],
            users.SelectMany(user => user.Lines).Select(Row));
        foreach (var failed in users.Where(user => user.Failure.Length > 0)) screen.Say($"{failed.User}: {failed.Failure}");
        screen.Say(Sum(summary, users.Sum(user => user.Linked), would));
        if (summary.Halted.Length > 0) screen.Say($"nothing is sent: {summary.Halted}");
    }

    private static string Sum(ResyncSummary summary, long linked, string would) =>
        $"{Words.Count(summary.Users)} users compared, {Words.Count(summary.Changed)} {would}changed: "
        + $"{Words.Count(summary.Reports)} reports {would}planned, {Words.Count(linked)} {would}linked, "
        + $"{Words.Count(summary.Carried)} values {would}carried, "
        + $"{Words.Count(summary.Waiting)} wait, {Words.Count(summary.Failed)} failed";

    private static string[] Row(ResyncedLine changed)
    {
        var line = changed.Line;
        return
        [
            line.User, $"{line.Period}", line.Group, line.StripeMeter, Words.Count(line.Target), Words.Count(line.Reported),
            Words.Count(changed.Planned), Words.Count(changed.Carried), changed.CarriedTo == 0 ? "" : $"{changed.CarriedTo}",
            line.Waits == CarryReason.Unspecified ? "" : Words.Term(line.Waits), string.Join(" ", changed.Identifiers),
        ];
    }
}
