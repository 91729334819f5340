using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>The period messages that could not be taken in; looking changes nothing.</summary>
internal sealed class FailuresListVerb : Verb
{
    private readonly Option<long> limit;

    public FailuresListVerb() : base("failures list", "Period messages that billing could not take in, and why.") =>
        limit = AddOption("--limit", "N", "The most to list, 1 to 1000. 100 unless given.", Reading.Whole(1, 1_000), 100);

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ListFailedMessagesRequest { PageSize = (int)asked.GetValue(limit) };
        var reply = await session.Ask(call => session.Billing.ListFailedMessagesAsync(request, call), cancellation);
        foreach (var message in reply.Messages) session.Screen.Record(message);
        session.Screen.Table(
            ["message", "type", "user", Column.Number("period"), "failing since", Column.Number("attempts"), "error"],
            reply.Messages.Select(Row));
        session.Screen.Say(reply.Total == 0
            ? "no message has failed"
            : $"{Words.Count(reply.Messages.Count)} of {Words.Count(reply.Total)}; once the cause is gone: failures return");
        return Exit.Ok;
    }

    private static string[] Row(FailedMessage message) =>
    [
        message.MessageId, message.Type, message.User, message.HasPeriod ? $"{message.Period}" : "", Words.Time(message.FailingSince),
        Words.Count(message.Attempts), message.Error,
    ];
}
