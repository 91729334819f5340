using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Says that Stripe does not have a report; a resync then sends it anew.</summary>
internal sealed class MarkMissingVerb : Verb
{
    private readonly Argument<string> identifier;
    private readonly Option<string> why;
    private readonly Option<bool> force;

    private const string About = "Say that Stripe does not have a report, though it took it or may have. "
        + "A resync then sends it anew: what Stripe has after all is billed twice.";

    public MarkMissingVerb() : base("mark-missing", About)
    {
        identifier = new Argument<string>("IDENTIFIER") { Description = "The report's identifier." };
        Add(identifier);
        why = new Option<string>("--why") { HelpName = "TEXT", Description = "How that is known; kept with the report.", Required = true };
        Add(why);
        force = AddSwitch("--force", "Even if Stripe's sums have it: it will be billed twice, unless Stripe's books are wrong.");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new MarkMissingRequest
        {
            Identifier = asked.GetRequiredValue(identifier), Why = asked.GetRequiredValue(why), Force = asked.GetValue(force),
        };
        var reply = await session.Ask(call => session.Billing.MarkMissingAsync(request, call), cancellation);
        session.Screen.Record(reply);
        var report = reply.Report;
        session.Screen.Say($"{report.Identifier}: {Words.Count(report.Value)} of {report.User}, period {report.Period}, {report.Group}, is missing");
        session.Screen.Say($"before a resync sends it anew, run: metering reconcile --user {report.User}");
        session.Screen.Say("what Stripe has counted after all would be billed twice");
        return Exit.Ok;
    }
}
