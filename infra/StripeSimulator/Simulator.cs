using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Metering.StripeSimulator;

/// <summary>A running simulator: in a program of its own, or inside a test.</summary>
public sealed class Simulator : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Accounts accounts;
    private readonly Pipeline pipeline;
    private readonly EventEndpoints events;

    private Simulator(SimulatorOptions options)
    {
        foreach (var fault in options.Faults) Faults.Add(fault);
        accounts = new Accounts(options);
        pipeline = new Pipeline(options, accounts, Faults);
        events = new EventEndpoints(options, Faults);
        app = Build(options.Address);
        MapApi();
        MapOwn();
    }

    public Uri Address { get; private set; } = null!;

    public Faults Faults { get; } = new();

    /// <summary>The last requests to the API, as they came in.</summary>
    public IReadOnlyList<SeenRequest> Requests => pipeline.Seen;

    public static async Task<Simulator> StartAsync(SimulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SimulatorOptions();
        if (!IsLoopback(options.Address)) throw new ArgumentException($"{options.Address} is not a loopback address: nobody is asked for a key here.", nameof(options));
        var simulator = new Simulator(options);
        await simulator.app.StartAsync(cancellationToken);
        var addresses = simulator.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        simulator.Address = new Uri(addresses.Addresses.First());
        return simulator;
    }

    public SimulatorAccount Account(string apiKey) => accounts.Of(apiKey);

    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => app.WaitForShutdownAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        Faults.Release();
        return app.DisposeAsync();
    }

    private static bool IsLoopback(Uri address) => address.Scheme == Uri.UriSchemeHttp && IPAddress.IsLoopback(IpOf(address));

    /// <summary>A name is not looked up: but for localhost, it may mean anything.</summary>
    private static IPAddress IpOf(Uri address)
    {
        var host = address.Host.Trim('[', ']');
        return host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host, out var ip) ? ip : IPAddress.Any;
    }

    private static WebApplication Build(Uri address)
    {
        // The slim, empty builder: nothing from the environment may move it off its address.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IpOf(address), address.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        return builder.Build();
    }

    private void MapApi()
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
        app.MapGet(meters + "/{id}/event_summaries", OfId(MeterEndpoints.Summaries));
        app.MapPost("/v1/customers", Plain(MeterEndpoints.CreateCustomer));
        app.MapGet("/v1/customers", Plain(MeterEndpoints.ListCustomers));
        app.MapGet("/v1/customers/{id}", OfId(MeterEndpoints.GetCustomer));
        app.MapFallback("/v1/{**rest}", Plain((call, _) => throw Errors.Invalid($"Unrecognized request URL ({call.Method}: {call.Path}).", status: 404)));
    }

    private void MapOwn()
    {
        app.MapGet("/state", http => WriteAsync(http, "application/json", StateView.Json(accounts.All, pipeline.Requests).ToJsonString(Wire.Readable)));
        app.MapGet("/", http => WriteAsync(http, "text/html; charset=utf-8", StateView.Html(accounts.All, pipeline.Requests)));
        app.MapPost("/simulator/faults", AddFaultAsync);
        app.MapDelete("/simulator/faults", http => Done(http, Faults.Clear));
        app.MapPost("/simulator/release", http => Done(http, Faults.Release));
    }

    private RequestDelegate Plain(Func<Call, SimulatorAccount, JsonObject> endpoint) => http => RunAsync(http, endpoint);

    private RequestDelegate OfId(Func<Call, SimulatorAccount, string, JsonObject> endpoint) =>
        http => RunAsync(http, (call, account) => endpoint(call, account, (string)http.Request.RouteValues["id"]!));

    private Task RunAsync(HttpContext http, Func<Call, SimulatorAccount, JsonObject> endpoint) =>
        pipeline.HandleAsync(http, (call, account, _) => Task.FromResult(endpoint(call, account)));

    private async Task AddFaultAsync(HttpContext http)
    {
        try
        {
            var fault = await JsonSerializer.DeserializeAsync<Fault>(http.Request.Body, JsonSerializerOptions.Web, http.RequestAborted);
            Faults.Add(fault ?? throw new JsonException("A fault is expected."));
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await WriteAsync(http, "text/plain", e.Message);
        }
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
}
