using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Tries reports again that stand still: rejected, without a Stripe customer, or stopped by a refused API key.</summary>
internal sealed class RetryVerb : Verb
{
    private readonly Argument<string?> identifier;
    private readonly Option<bool> all;

    public RetryVerb() : base("retry-reports", "Try reports again that Stripe refused, or that wait for a customer or for a new API key.")
    {
        identifier = new Argument<string?>("IDENTIFIER") { Description = "The report's identifier.", Arity = ArgumentArity.ZeroOrOne };
        Add(identifier);
        all = AddSwitch("--all", "Every one of them.");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var one = asked.GetValue(identifier);
        if (one is null != asked.GetValue(all)) throw new BadInputException("expected IDENTIFIER, or --all for every report");
        var request = new RetryRequest { Identifier = one ?? "" };
        var reply = await session.Ask(call => session.Billing.RetryAsync(request, call), cancellation);
        session.Screen.Record(reply);
        session.Screen.Say(
            $"{Words.Count(reply.Planned)} reports planned anew, {Words.Count(reply.Linked)} linked, {Words.Count(reply.Waiting)} wait or are being sent"
            + (reply.Unlinked == 0 ? "" : $", {Words.Count(reply.Unlinked)} wait for a Stripe customer")
            + (reply.Resumed && reply.Halted.Length == 0 ? "; sending goes on" : ""));
        if (reply.Halted.Length > 0) session.Screen.Say($"nothing is sent: {reply.Halted}");
        return reply.Halted.Length == 0 ? Exit.Ok : Exit.No;
    }
}
