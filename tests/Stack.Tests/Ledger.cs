using System.Text.Json;
using Metering.V1;

namespace Metering.StackTests;

/// <summary>A user's stream as stored, read through the service.</summary>
internal sealed record Ledger(IReadOnlyList<Event> Events)
{
    public static async Task<Ledger> Of(Services services, string user)
    {
        var events = new List<Event>();
        var request = new ListEventsRequest { User = user, Limit = 1000 };
        while (true)
        {
            var page = await Services.Insist(call => services.Balances.ListEventsAsync(request, call));
            events.AddRange(page.Events);
            if (!page.HasNextRevision) return new Ledger(events);
            request.FromRevision = page.NextRevision;
        }
    }

    /// <summary>The reservations and commits by the command that they followed from: one each, if it happened once.</summary>
    public ILookup<string, Event> ByCommand => Events.Where(stored => stored.Type is "reserved.v1" or "committed.v1").ToLookup(Command);

    /// <summary>Charged less given back, added up here.</summary>
    public long Used => Events.Sum(stored => stored.Type switch
    {
        "committed.v1" => Amount(stored.Json),
        "refunded.v1" => -Amount(stored.Json),
        _ => 0,
    });

    public IEnumerable<Event> OfType(string type) => Events.Where(stored => stored.Type == type);

    private static string Command(Event stored)
    {
        using var metadata = JsonDocument.Parse(stored.MetadataJson);
        return metadata.RootElement.GetProperty("command").GetString()!;
    }

    private static long Amount(string json)
    {
        using var content = JsonDocument.Parse(json);
        return content.RootElement.GetProperty("draws").EnumerateArray()
            .SelectMany(draw => draw.GetProperty("parts").EnumerateArray()).Sum(part => part.GetProperty("amount").GetInt64());
    }
}
