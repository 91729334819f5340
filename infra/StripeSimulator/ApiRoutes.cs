using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>What the real service offers under the same addresses.</summary>
internal sealed class ApiRoutes(Pipeline pipeline, EventEndpoints events)
{
    internal void Map(WebApplication app)
    {
        MapUsage(app);
        MapCustomers(app);
        MapBilling(app);
        app.MapGet("/v1/events", Plain((call, account) => account.Log.List(call)));
        app.MapGet("/v1/events/{id}", OfId((_, account, id) => account.Log.Get(id, thin: false)));
        app.MapGet("/v2/core/events/{id}", OfId((_, account, id) => account.Log.Get(id, thin: true)));
        app.MapFallback("/v1/{**rest}", Plain(Unknown));
        app.MapFallback("/v2/{**rest}", Plain(Unknown));
    }

    private void MapUsage(WebApplication app)
    {
        const string meters = "/v1/billing/meters";
        app.MapPost(Pipeline.EventsPath, http => pipeline.HandleAsync(http, events.CreateAsync));
        app.MapPost("/v1/billing/meter_event_adjustments", http => pipeline.HandleAsync(http, events.AdjustAsync));
        app.MapPost(meters, Plain(MeterEndpoints.Create));
        app.MapGet(meters, Plain(MeterEndpoints.List));
        app.MapGet(meters + "/{id}", OfId(MeterEndpoints.Get));
        app.MapPost(meters + "/{id}", OfId(MeterEndpoints.Update));
        app.MapPost(meters + "/{id}/deactivate", OfId((call, account, id) => MeterEndpoints.SetActive(call, account, id, false)));
        app.MapPost(meters + "/{id}/reactivate", OfId((call, account, id) => MeterEndpoints.SetActive(call, account, id, true)));
        app.MapGet(meters + "/{id}/event_summaries",
            http => RunAsync(http, (call, account, fault) => MeterEndpoints.Summaries(call, account, IdOf(http), fault)));
    }

    private void MapCustomers(WebApplication app)
    {
        app.MapPost("/v1/customers", Plain(CustomerEndpoints.Create));
        app.MapGet("/v1/customers", Plain(CustomerEndpoints.List));
        app.MapGet("/v1/customers/{id}", OfId(CustomerEndpoints.Get));
        app.MapPost("/v1/customers/{id}", OfId(CustomerEndpoints.Update));
        app.MapDelete("/v1/customers/{id}", OfId(CustomerEndpoints.Delete));
    }

    private void MapBilling(WebApplication app)
    {
        app.MapPost("/v1/prices", Plain((call, account) => account.Prices.Create(call)));
        app.MapGet("/v1/prices", Plain((call, account) => account.Prices.List(call)));
        app.MapGet("/v1/prices/{id}", OfId((call, account, id) => account.Prices.Get(call, id)));
        app.MapPost("/v1/subscriptions", Plain((call, account) => account.Subscriptions.Create(call)));
        app.MapGet("/v1/subscriptions", Plain((call, account) => account.Subscriptions.List(call)));
        app.MapGet("/v1/subscriptions/{id}", OfId((call, account, id) => account.Subscriptions.Get(call, id)));
        app.MapPost("/v1/subscriptions/{id}", OfId((call, account, id) => account.Subscriptions.Update(call, id)));
        app.MapDelete("/v1/subscriptions/{id}", OfId((call, account, id) => account.Subscriptions.Cancel(call, id)));
        app.MapGet("/v1/invoices", Plain((call, account) => account.Invoices.List(call)));
        app.MapGet("/v1/invoices/{id}", OfId((call, account, id) => account.Invoices.Get(call, id)));
        app.MapPost("/v1/invoices/{id}/finalize", OfId((call, account, id) => account.Invoices.Finalize(call, id)));
        app.MapPost("/v1/invoices/{id}/pay", OfId((call, account, id) => account.Invoices.Pay(call, id)));
        app.MapPost("/v1/checkout/sessions", Plain((call, account) => account.Checkouts.Create(call)));
        app.MapGet("/v1/checkout/sessions/{id}", OfId((call, account, id) => account.Checkouts.Get(call, id)));
        app.MapPost("/v1/checkout/sessions/{id}/expire", OfId((call, account, id) => account.Checkouts.Expire(call, id)));
    }

    private static JsonObject Unknown(Call call, SimulatorAccount account) =>
        throw Errors.Invalid($"Unrecognized request URL ({call.Method}: {call.Path}).", status: 404);

    private static string IdOf(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private RequestDelegate Plain(Func<Call, SimulatorAccount, JsonObject> endpoint) =>
        http => RunAsync(http, (call, account, _) => endpoint(call, account));

    private RequestDelegate OfId(Func<Call, SimulatorAccount, string, JsonObject> endpoint) =>
        http => RunAsync(http, (call, account, _) => endpoint(call, account, IdOf(http)));

    private Task RunAsync(HttpContext http, Func<Call, SimulatorAccount, Fault?, JsonObject> endpoint) =>
        pipeline.HandleAsync(http, (call, account, fault) => Task.FromResult(endpoint(call, account, fault)));
}
