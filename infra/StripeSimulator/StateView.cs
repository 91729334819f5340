using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>What the simulator knows, for programs (every identifier) and for people (the last few).</summary>
internal sealed class StateView(Simulator simulator, IEnumerable<SimulatorAccount> accounts, long requests)
{
    private const int Shown = 50;
    private const string Head = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Stripe simulator</title><style>
        body{font:15px system-ui;margin:2rem}table{border-collapse:collapse}
        td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}</style><h1>Stripe simulator</h1>
        """;

    internal JsonObject Json() => new()
    {
        ["now"] = EventLog.Rfc3339(simulator.Now),
        ["requests"] = requests,
        ["accounts"] = new JsonArray([.. accounts.Select(a => (JsonNode)Json(a))]),
        ["webhooks"] = new JsonArray([.. simulator.Webhooks.Select(w => (JsonNode)new JsonObject
        {
            ["url"] = w.Url.ToString(),
            ["thin"] = w.Thin,
            ["events"] = new JsonArray([.. w.Events.Select(e => (JsonNode)e)]),
        })]),
        ["deliveries"] = new JsonArray([.. simulator.Deliveries.Select(d => (JsonNode)Told(d))]),
    };

    internal string Html()
    {
        var html = new StringBuilder(Head);
        html.Append(CultureInfo.InvariantCulture,
            $"<p>This is not Stripe: nobody is billed. {requests} requests so far; its clock says {EventLog.Rfc3339(simulator.Now)}.</p>");
        foreach (var account in accounts) Html(html, account);
        var told = simulator.Deliveries;
        Table(html, $"Webhooks sent, the last {Shown} of {told.Count}", ["Event", "Type", "To", "Attempt", "Answer", "Fault"],
            told.Reverse().Take(Shown).Select(Row));
        return html.Append("<p><a href=\"/state\">The same as JSON</a></p></html>").ToString();
    }

    private static JsonObject Json(SimulatorAccount account) => new()
    {
        ["key"] = Accounts.Mask(account.Key),
        ["meters"] = new JsonArray([.. account.Meters.Select(m => (JsonNode)m.ToJson(account.Livemode))]),
        ["customers"] = Customers(account),
        ["reads"] = account.Reads,
        ["events"] = Counts(account.Counts),
        ["identifiers"] = new JsonArray([.. account.Events.Select(e => (JsonNode)e.ToJson())]),
        ["async_errors"] = new JsonArray([.. account.AsyncErrors.Select(e => (JsonNode)Error(e))]),
        ["prices"] = new JsonArray([.. account.Prices.All.Select(p => (JsonNode)p.ToJson(account.Livemode))]),
        ["subscriptions"] = new JsonArray([.. account.AllSubscriptions.Select(s => (JsonNode)s.ToJson(account.Livemode))]),
        ["invoices"] = new JsonArray([.. account.AllInvoices.Select(i => (JsonNode)Billed(i, account.Livemode))]),
        ["checkout_sessions"] = new JsonArray([.. account.Checkouts.All.Select(c => (JsonNode)c.ToJson(account.Livemode))]),
        ["told"] = new JsonArray([.. account.Log.All.Select(e => (JsonNode)new JsonObject
        {
            ["id"] = e.Id,
            ["type"] = e.Type,
            ["created"] = e.Created.ToUnixTimeSeconds(),
            ["thin"] = e.IsThin,
        })]),
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

    /// <summary>An invoice as the API shows it, and what it sums: each line's own total and the identifiers of its usage.</summary>
    private static JsonObject Billed(SimulatorInvoice invoice, bool livemode)
    {
        var json = invoice.ToJson(livemode);
        foreach (var (line, shown) in invoice.Lines.Zip(json["lines"]!["data"]!.AsArray()))
        {
            shown!["used"] = line.Used.ToString();
            shown["identifiers"] = new JsonArray([.. line.Events.Select(e => (JsonNode)e)]);
        }

        return json;
    }

    private static JsonObject Told(Delivery delivery) => new()
    {
        ["event"] = delivery.EventId,
        ["type"] = delivery.Type,
        ["url"] = delivery.Url.ToString(),
        ["attempt"] = delivery.Attempt,
        ["at"] = EventLog.Rfc3339(delivery.At),
        ["status"] = delivery.Status,
        ["error"] = delivery.Error,
        ["fault"] = delivery.Fault?.ToString(),
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
        html.Append(CultureInfo.InvariantCulture,
            $"<h2>{Text(Accounts.Mask(account.Key))}</h2><p>Events: {counts.Received} received, {counts.Accepted} accepted, ");
        html.Append(CultureInfo.InvariantCulture,
            $"{counts.Refused} refused, {counts.Replayed} replayed, {counts.Failed} failed; {account.AsyncErrors.Count} dropped.</p>");
        var totals = account.Totals();
        Table(html, "Totals", ["Customer", "Event name", "Total"],
            totals.Take(500).Select(t => new[] { t.Customer, t.Meter.EventName, t.Total.ToString() }));
        var events = account.Events;
        Table(html, $"Events, the last {Shown} of {events.Count}", ["Identifier", "Customer", "Event name", "Value", "At", "", "Invoice"],
            events.Reverse().Take(Shown).Select(Row));
        Bills(html, account);
        Table(html, "Dropped", ["Code", "Identifier", "Customer"],
            account.AsyncErrors.Reverse().Take(Shown).Select(e => new[] { e.Code, e.Identifier, e.Customer }));
    }

    private static void Bills(StringBuilder html, SimulatorAccount account)
    {
        Table(html, "Subscriptions", ["Id", "Customer", "Status", "Period"], account.AllSubscriptions.Reverse().Take(Shown)
            .Select(s => new[] { s.Id, s.Customer, s.Status, $"{Moment(s.PeriodStart)} – {Moment(s.PeriodEnd)}" }));
        var invoices = account.AllInvoices;
        Table(html, $"Invoices, the last {Shown} of {invoices.Count}", ["Id", "Customer", "Status", "Period", "Total"],
            invoices.Reverse().Take(Shown).Select(i => new[] { i.Id, i.Customer, i.Status, Period(i), $"{i.Total} {i.Currency}" }));
        Table(html, "Their lines", ["Invoice", "Price", "Quantity", "Amount", "Used", "Events"], invoices.Reverse().Take(Shown)
            .SelectMany(i => i.Lines.Select(l => Row(i, l))));
    }

    private static string Period(SimulatorInvoice invoice) => $"{Moment(invoice.PeriodStart)} – {Moment(invoice.PeriodEnd)}";

    private static string[] Row(SimulatorInvoice invoice, InvoiceLine line) =>
        [invoice.Id, line.Item.Price.Id, $"{line.Quantity}", $"{line.Amount}", $"{line.Used}", $"{line.Events.Count}"];

    private static string[] Row(Delivery d) =>
        [d.EventId, d.Type, d.Url.ToString(), $"{d.Attempt}", d.Status is { } status ? $"{status}" : d.Error ?? "", $"{d.Fault}"];

    private static string Moment(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string[] Row(RecordedEvent e) =>
    [
        e.Identifier, e.Customer, e.EventName, e.Value.ToString(),
        Moment(DateTimeOffset.FromUnixTimeSeconds(e.Timestamp)),
        e.Dropped ?? (e.Cancelled ? "cancelled" : e.Lost ? "lost" : ""),
        e.Invoice ?? "",
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
