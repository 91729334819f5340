using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>What the simulator knows, for programs (every identifier) and for people (the last few).</summary>
internal static class StateView
{
    private const int Shown = 50;
    private const string Style = "body{font:15px system-ui;margin:2rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}";

    internal static JsonObject Json(IEnumerable<SimulatorAccount> accounts, long requests) => new()
    {
        ["requests"] = requests,
        ["accounts"] = new JsonArray([.. accounts.Select(a => (JsonNode)Json(a))]),
    };

    internal static string Html(IEnumerable<SimulatorAccount> accounts, long requests)
    {
        var html = new StringBuilder($"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Stripe simulator</title><style>{Style}</style>");
        html.Append(CultureInfo.InvariantCulture, $"<h1>Stripe simulator</h1><p>{requests} requests so far. This is not Stripe: nobody is billed.</p>");
        foreach (var account in accounts) Html(html, account);
        return html.Append("<p><a href=\"/state\">The same as JSON</a></p></html>").ToString();
    }

    private static JsonObject Json(SimulatorAccount account) => new()
    {
        ["key"] = Accounts.Mask(account.Key),
        ["meters"] = new JsonArray([.. account.Meters.Select(m => (JsonNode)m.ToJson(account.Livemode))]),
        ["customers"] = Customers(account),
        ["events"] = Counts(account.Counts),
        ["identifiers"] = new JsonArray([.. account.Events.Select(e => (JsonNode)e.ToJson())]),
        ["async_errors"] = new JsonArray([.. account.AsyncErrors.Select(e => (JsonNode)Error(e))]),
    };

    private static JsonArray Customers(SimulatorAccount account)
    {
        var totals = account.Totals().ToLookup(t => t.Customer);
        return new JsonArray([.. account.Customers.Select(c => (JsonNode)new JsonObject
        {
            ["id"] = c.Id,
            ["name"] = c.Name,
            ["totals"] = new JsonObject(totals[c.Id].GroupBy(t => t.Meter.EventName)
                .Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Aggregate(Exact.Zero, (sum, t) => sum + t.Total).ToString()))),
        })]);
    }

    private static JsonObject Counts(EventCounts counts) => new()
    {
        ["received"] = counts.Received,
        ["accepted"] = counts.Accepted,
        ["refused"] = counts.Refused,
        ["replayed"] = counts.Replayed,
        ["failed"] = counts.Failed,
    };

    private static JsonObject Error(AsyncError error) => new()
    {
        ["code"] = error.Code,
        ["identifier"] = error.Identifier,
        ["idempotency_key"] = error.IdempotencyKey,
        ["event_name"] = error.EventName,
        ["customer"] = error.Customer,
        ["at"] = error.At.ToUnixTimeMilliseconds(),
    };

    private static void Html(StringBuilder html, SimulatorAccount account)
    {
        var counts = account.Counts;
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(Accounts.Mask(account.Key))}</h2><p>Events: {counts.Received} received, {counts.Accepted} accepted, {counts.Refused} refused, {counts.Replayed} replayed, {counts.Failed} failed; {account.AsyncErrors.Count} dropped later.</p>");
        var totals = account.Totals();
        Table(html, "Totals", ["Customer", "Event name", "Total"], totals.Take(500).Select(t => new[] { t.Customer, t.Meter.EventName, t.Total.ToString() }));
        var events = account.Events;
        Table(html, $"Events, the last {Shown} of {events.Count}", ["Identifier", "Customer", "Event name", "Value", "At", ""], events.Reverse().Take(Shown).Select(Row));
        Table(html, "Dropped", ["Code", "Identifier", "Customer"], account.AsyncErrors.Reverse().Take(Shown).Select(e => new[] { e.Code, e.Identifier, e.Customer }));
    }

    private static string[] Row(RecordedEvent e) =>
    [
        e.Identifier, e.Customer, e.EventName, e.Value.ToString(),
        DateTimeOffset.FromUnixTimeSeconds(e.Timestamp).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        e.Dropped ?? (e.Cancelled ? "cancelled" : ""),
    ];

    private static void Table(StringBuilder html, string title, string[] heads, IEnumerable<string[]> rows)
    {
        html.Append("<h3>").Append(Text(title)).Append("</h3><table><tr>");
        foreach (var head in heads) html.Append("<th>").Append(Text(head)).Append("</th>");
        foreach (var row in rows) html.Append("</tr><tr>").AppendJoin("", row.Select(cell => $"<td>{Text(cell)}</td>"));
        html.Append("</tr></table>");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
