using System.Globalization;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>Something that happened. A snapshot carries its object as it was; a thin one is only announced, by its notification.</summary>
internal sealed record AccountEvent(string Id, string Type, DateTimeOffset Created, JsonObject Body, JsonObject? Notification = null)
{
    internal bool IsThin => Notification is not null;

    internal JsonObject Payload => Notification ?? Body;
}

/// <summary>All that happened to an account, and is told to its webhooks.</summary>
internal sealed class EventLog(SimulatorAccount account, SimulatorOptions options, Deliveries deliveries)
{
    private const int Kept = 100_000;
    private readonly Queue<AccountEvent> events = new();

    internal IReadOnlyList<AccountEvent> All
    {
        get { lock (account.Gate) return [.. events]; }
    }

    internal void Tell(string type, JsonObject about, DateTimeOffset at, JsonObject? previous = null)
    {
        var data = new JsonObject { ["object"] = about };
        if (previous is not null) data["previous_attributes"] = previous;
        Add(id => new AccountEvent(id, type, at, new JsonObject
        {
            ["id"] = id,
            ["object"] = "event",
            ["api_version"] = options.ApiVersion,
            ["created"] = at.ToUnixTimeSeconds(),
            ["data"] = data,
            ["livemode"] = account.Livemode,
            ["pending_webhooks"] = deliveries.CountFor(type, thin: false),
            ["request"] = new JsonObject { ["id"] = null, ["idempotency_key"] = null },
            ["type"] = type,
        }));
    }

    internal void TellThin(string type, JsonObject data, JsonObject? related, DateTimeOffset at) => Add(id =>
    {
        var notification = Thin(id, type, related, at);
        var body = (JsonObject)notification.DeepClone();
        body["changes"] = null;
        body["data"] = data;
        return new AccountEvent(id, type, at, body, notification);
    });

    internal JsonObject List(Call call)
    {
        call.Allow("type", "types[]", "limit", "starting_after", "ending_before", "expand");
        var types = call.Map("types").Values.Append(call.Optional("type")).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var asked = All.Reverse().Where(e => !e.IsThin && (types.Count == 0 || types.Contains(e.Type)));
        return Wire.Page(call, asked, e => e.Id, e => (JsonObject)e.Body.DeepClone());
    }

    internal JsonObject Get(string id, bool thin) =>
        (JsonObject?)All.FirstOrDefault(e => e.Id == id && e.IsThin == thin)?.Body.DeepClone() ?? throw Errors.NoSuch("event", id);

    internal static string Rfc3339(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private JsonObject Thin(string id, string type, JsonObject? related, DateTimeOffset at)
    {
        var thin = new JsonObject
        {
            ["id"] = id,
            ["object"] = "v2.core.event",
            ["context"] = null,
            ["created"] = Rfc3339(at),
            ["livemode"] = account.Livemode,
            ["reason"] = null,
            ["type"] = type,
        };
        if (related is not null) thin["related_object"] = related;
        return thin;
    }

    private void Add(Func<string, AccountEvent> make)
    {
        var made = make(account.NextId("evt"));
        lock (account.Gate)
        {
            events.Enqueue(made);
            if (events.Count > Kept) events.Dequeue();
        }

        deliveries.Send(made);
    }
}
