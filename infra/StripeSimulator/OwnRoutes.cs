using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Metering.StripeSimulator;

/// <summary>What the real service does not have: looking inside, and making things happen.</summary>
internal sealed class OwnRoutes(Simulator simulator, Accounts accounts, Pipeline pipeline)
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    internal void Map(WebApplication app)
    {
        app.MapGet("/", http => WriteAsync(http, "text/html; charset=utf-8", View().Html()));
        app.MapGet("/state", http => WriteAsync(http, "application/json", View().Json().ToJsonString(Wire.Readable)));
        app.MapPost("/simulator/faults", Take<Fault>(fault => simulator.Faults.Add(fault)));
        app.MapDelete("/simulator/faults", http => Done(http, simulator.Faults.Clear));
        app.MapPost("/simulator/release", http => Done(http, simulator.Release));
        app.MapGet("/simulator/clock", ShowClock);
        app.MapPost("/simulator/clock", Take<ClockMove>(move => simulator.Advance(move.Time()), ShowClock));
        app.MapPost("/simulator/lose", Take<Loss>(Lose));
        app.MapPost("/simulator/tell", Take<Telling>(Tell));
        app.MapPost("/simulator/webhooks", Take<Webhook>(webhook => simulator.AddWebhook(webhook.ToTarget())));
        app.MapGet("/simulator/checkout/{id}", ShowCheckout);
        app.MapPost("/simulator/checkout/{id}/complete", http => Take<Completion>(c => Complete(IdOf(http), c))(http));
        app.MapPost("/simulator/checkout/{id}/settle", http => Take<Settlement>(s => Settle(IdOf(http), s))(http));
    }

    private static string IdOf(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private static RequestDelegate Take<T>(Action<T> action, RequestDelegate? answer = null) => async http =>
    {
        try
        {
            action(await ReadAsync<T>(http.Request));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await WriteAsync(http, "text/plain", e.Message);
            return;
        }

        if (answer is null) http.Response.StatusCode = StatusCodes.Status204NoContent;
        else await answer(http);
    };

    /// <summary>No body at all is an empty object.</summary>
    private static async Task<T> ReadAsync<T>(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var text = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        return JsonSerializer.Deserialize<T>(text.Length == 0 ? "{}" : text, Strict)
            ?? throw new JsonException("A JSON object is expected.");
    }

    private static Task Done(HttpContext http, Action action)
    {
        action();
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task WriteAsync(HttpContext http, string contentType, string text)
    {
        http.Response.ContentType = contentType;
        return http.Response.WriteAsync(text, http.RequestAborted);
    }

    private StateView View()
    {
        simulator.CatchUp();
        return new StateView(simulator, accounts.All, pipeline.Requests);
    }

    private Task ShowClock(HttpContext http) =>
        WriteAsync(http, "application/json", $"{{\"now\":\"{EventLog.Rfc3339(simulator.Now)}\"}}");

    /// <summary>What a checkout session's url leads to: a page with nothing but a button.</summary>
    private static Task ShowCheckout(HttpContext http) => WriteAsync(http, "text/html; charset=utf-8", $"""
        <!doctype html><title>Checkout</title><form method="post" action="/simulator/checkout/{WebUtility.UrlEncode(IdOf(http))}/complete">
        <p>This is not Stripe: nobody pays.</p><button>Complete</button></form>
        """);

    private void Lose(Loss loss)
    {
        var identifier = loss.Identifier ?? throw new JsonException("identifier: expected that of a recorded event.");
        if (!accounts.All.Any(a => a.Lose(identifier)))
            throw new ArgumentException($"identifier: no event that counts has '{identifier}'.");
    }

    private void Tell(Telling telling)
    {
        var account = telling.Key is { } key ? accounts.All.FirstOrDefault(a => a.Key == key) : accounts.All.FirstOrDefault();
        if (account is null) throw new ArgumentException("key: no account has it; an account begins with its first request.");
        var type = telling.Type ?? throw new JsonException("type: expected a type of event, as invoice.upcoming.");
        account.Tell(type, telling.Object ?? throw new JsonException("object: expected what the event is about."), telling.Thin);
    }

    private void Complete(string id, Completion completion)
    {
        if (!accounts.All.Any(a => a.Checkouts.Complete(id, completion.Delayed)))
            throw new ArgumentException($"No open checkout session '{id}'.");
    }

    private void Settle(string id, Settlement settlement)
    {
        if (!accounts.All.Any(a => a.Checkouts.Settle(id, settlement.Paid)))
            throw new ArgumentException($"No checkout session '{id}' waits for its payment.");
    }

    private sealed record ClockMove(string? Advance = null)
    {
        internal TimeSpan Time() =>
            Hours.TryParse(Advance, out var time)
                ? time
                : throw new FormatException("advance: expected hours:minutes:seconds, as 25:00:00.");
    }

    private sealed record Loss(string? Identifier = null);

    private sealed record Telling(string? Type = null, JsonObject? Object = null, bool Thin = false, string? Key = null);

    private sealed record Completion(bool Delayed = false);

    private sealed record Settlement(bool Paid = true);

    private sealed record Webhook(
        string? Url = null, string? Secret = null, bool Thin = false, IReadOnlyList<string>? Events = null)
    {
        internal WebhookTarget ToTarget() =>
            Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? new WebhookTarget(url, Secret ?? WebhookTarget.DefaultSecret, Thin) { Events = Events ?? ["*"] }
                : throw new FormatException("url: expected an http address.");
    }
}
