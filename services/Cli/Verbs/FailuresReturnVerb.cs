using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Has failed period messages taken in again.</summary>
internal sealed class FailuresReturnVerb : Verb
{
    private readonly Argument<string?> message = new("MESSAGE")
    {
        Description = "The message's id, as failures list shows it.", Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> all;

    public FailuresReturnVerb() : base("failures return", "Have a failed message, or all, taken in again. Nothing is billed twice by it.")
    {
        Add(message);
        all = AddSwitch("--all", "All that are there now.");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ReturnFailedMessagesRequest { All = asked.GetValue(all) };
        if (asked.GetValue(message) is { } id) request.MessageId = id;
        if (request.HasMessageId == request.All) throw new BadInputException("expected a MESSAGE or --all, one of them");
        var reply = await session.Ask(call => session.Billing.ReturnFailedMessagesAsync(request, call), cancellation);
        session.Screen.Record(reply);
        session.Screen.Say($"{Words.Count(reply.Returned)} returned");
        return Exit.Ok;
    }
}
