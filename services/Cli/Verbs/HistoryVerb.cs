using System.CommandLine;
using System.Text.Json.Nodes;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>A user's events as stored.</summary>
internal sealed class HistoryVerb : Verb
{
    private const int Page = 1_000;
    private const int Shown = 160;

    private readonly Argument<string> user;
    private readonly Option<long> from;
    private readonly Option<long> limit;

    public HistoryVerb() : base("history", "A user's events as stored, in order; --json has them whole.")
    {
        user = AddUser();
        from = AddOption("--from", "REVISION", "The first event to show, counted from 0.", Reading.Whole(0), 0L);
        limit = AddOption("--limit", "N", "How many to show at most. Without it, 100.", Reading.Whole(1), 100L);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ListEventsRequest { User = asked.GetRequiredValue(user), FromRevision = asked.GetValue(from) };
        var left = asked.GetValue(limit);
        do
        {
            request.Limit = (int)Math.Min(left, Page);
            var page = await session.Ask(call => session.Balances.ListEventsAsync(request, call), cancellation);
            if (page.Events.Count == 0 && request.FromRevision == 0) throw NotFoundException.NoEvents(request.User);
            Show(session.Screen, page.Events);
            left -= page.Events.Count;
            if (!page.HasNextRevision) return Exit.Ok;
            request.FromRevision = page.NextRevision;
        }
        while (left > 0);
        session.Screen.Say($"more: --from {request.FromRevision}");
        return Exit.Ok;
    }

    private static void Show(Screen screen, IReadOnlyList<Event> events)
    {
        foreach (var stored in events)
            screen.Record(new
            {
                stored.Revision, stored.EventId, stored.Type, At = Words.Time(stored.At),
                Data = JsonNode.Parse(stored.Json), Metadata = JsonNode.Parse(stored.MetadataJson),
            });
        screen.Table([Column.Number("revision"), "at", "type", "content"], events.Select(Row));
    }

    private static string[] Row(Event stored) =>
        [$"{stored.Revision}", Words.Time(stored.At), stored.Type, stored.Json.Length <= Shown ? stored.Json : $"{stored.Json[..Shown]}…"];
}
