using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>What Stripe told by webhooks and people have to look at; looking changes nothing.</summary>
internal sealed class StripeProblemsVerb : Verb
{
    private const int Page = 1_000;

    private readonly Option<string?> user;

    public StripeProblemsVerb() : base("stripe-problems", "What Stripe told by webhooks and nobody could follow, for people to look at.")
    {
        user = new Option<string?>("--user") { HelpName = "U", Description = "This user only." };
        Add(user);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var problems = await session.All(
            (token, call) => session.Billing.ListStripeProblemsAsync(RequestOf(asked, token), call),
            reply => reply.Problems, reply => reply.NextPageToken, cancellation);
        foreach (var problem in problems) session.Screen.Record(problem);
        session.Screen.Table(["problem", "customer", "user", "since", "event", "what"], problems.Select(Row));
        session.Screen.Say(problems.Count == 0 ? "no problems" : $"{Words.Count(problems.Count)} problems");
        return Exit.Ok;
    }

    private ListStripeProblemsRequest RequestOf(ParseResult asked, string token)
    {
        var request = new ListStripeProblemsRequest { PageSize = Page, PageToken = token };
        if (asked.GetValue(user) is { } one) request.User = one;
        return request;
    }

    private static string[] Row(StripeProblem problem) =>
        [Words.Name(problem.Kind), problem.Subject, problem.User, Words.Time(problem.At), problem.EventId, problem.Text];
}
