using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Follows the chain of hashes through a user's history and names the first break.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> user;

    public VerifyVerb() : base("verify", "Say whether a user's history is as it was written; the first break if not.") => user = AddUser();

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new VerifyRequest { User = asked.GetRequiredValue(user) };
        var reply = await session.Ask(call => session.Balances.VerifyAsync(request, call), cancellation);
        if (reply is { Events: 0, Break: null }) throw NotFoundException.NoEvents(request.User);
        session.Screen.Record(reply);
        session.Screen.Say($"{request.User}: {Verdict(reply)}");
        return reply.Break is null ? Exit.Ok : Exit.No;
    }

    private static string Verdict(VerifyReply reply) => reply switch
    {
        { Break: { } found } => $"{Words.Count(reply.Events)} events are as they were written; revision {found.Revision} is not: {found.Fault}",
        _ => $"all {Words.Count(reply.Events)} events are as they were written; the last one's hash is {reply.Hash}",
    };
}
