using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Metering.StripeSimulator;

/// <summary>A running simulator: in a program of its own, or inside a test.</summary>
public sealed class Simulator : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Accounts accounts;
    private readonly Pipeline pipeline;
    private readonly SimulatedClock clock;
    private readonly Deliveries deliveries;
    private readonly CancellationTokenSource stop = new();
    private Task ticking = Task.CompletedTask;

    private Simulator(SimulatorOptions given)
    {
        clock = new SimulatedClock(given.Time, given.Ahead);
        var options = given with { Time = clock, Origin = () => Address.GetLeftPart(UriPartial.Authority) };
        foreach (var fault in options.Faults) Faults.Add(fault);
        deliveries = new Deliveries(options, clock, Faults);
        accounts = new Accounts(options, Faults, deliveries);
        pipeline = new Pipeline(options, accounts, Faults);
        app = Build(options.Address);
        new ApiRoutes(pipeline, new EventEndpoints(options, Faults)).Map(app);
        new OwnRoutes(this, accounts, pipeline).Map(app);
    }

    public Uri Address { get; private set; } = null!;

    public Faults Faults { get; } = new();

    /// <summary>The last requests to the API, as they came in.</summary>
    public IReadOnlyList<SeenRequest> Requests => pipeline.Seen;

    /// <summary>The simulated time.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>The last attempts to tell an event to a webhook.</summary>
    public IReadOnlyList<Delivery> Deliveries => deliveries.Made;

    /// <summary>Completes once every webhook due has been sent; what a fault keeps back is not waited for.</summary>
    public Task WhenDelivered => deliveries.Idle;

    public IReadOnlyList<WebhookTarget> Webhooks => deliveries.Targets;

    public static async Task<Simulator> StartAsync(SimulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SimulatorOptions();
        if (!IsLoopback(options.Address))
            throw new ArgumentException($"{options.Address} is not a loopback address: nobody is asked for a key here.", nameof(options));
        var simulator = new Simulator(options);
        await simulator.app.StartAsync(cancellationToken);
        var addresses = simulator.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        simulator.Address = new Uri(addresses.Addresses.First());
        simulator.ticking = simulator.TickAsync();
        return simulator;
    }

    public SimulatorAccount Account(string apiKey) => accounts.Of(apiKey);

    public void AddWebhook(WebhookTarget target) => deliveries.Add(target);

    /// <summary>Lets go of held requests and of webhooks kept back.</summary>
    public void Release()
    {
        Faults.Release();
        deliveries.Release();
    }

    /// <summary>Moves the simulated clock ahead; on return all that has become due has happened, webhooks excepted.</summary>
    public void Advance(TimeSpan by)
    {
        clock.Advance(by);
        CatchUp();
    }

    /// <summary>Does what has become due by a clock that moved otherwise.</summary>
    public void CatchUp()
    {
        foreach (var account in accounts.All) account.CatchUp();
        deliveries.CatchUp(clock.GetUtcNow());
    }

    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Faults.Release();
        await stop.CancelAsync();
        await ticking;
        await deliveries.DisposeAsync();
        await app.DisposeAsync();
        stop.Dispose();
    }

    /// <summary>Periods end and webhooks are sent again though nobody asks.</summary>
    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock.Real);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token)) CatchUp();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the simulator ends
        }
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
}
