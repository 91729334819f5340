using System.Text.Json;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Metering.Balances;
using Metering.BillingSync;
using Metering.BillingSync.Webhooks;
using Metering.BillingSync.ReadModels;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Projecting;
using Metering.Kernel.Streams;
using Metering.Reservations;
using Metering.Reservations.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.Cli.Tests;

/// <summary>The services that the command talks to, in this process over HTTP/2; streams in memory, a clock that moves.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GrpcChannel channel;
    private readonly string exports;

    private Served(WebApplication app, ShiftedTime clock, string exports)
    {
        (this.app, this.exports, Clock) = (app, exports, clock);
        channel = GrpcChannel.ForAddress(Address);
        (Reservations, Accounts, Catalog) = (new(channel), new(channel), new(channel));
    }

    public ShiftedTime Clock { get; }
    public Uri Address => app.Services.GrpcAddress();
    public V1.Reservations.ReservationsClient Reservations { get; }
    public V1.Accounts.AccountsClient Accounts { get; }
    public V1.Catalog.CatalogClient Catalog { get; }

    /// <param name="settings">Where usage is billed; none: exported to a file.</param>
    public static async Task<Served> Start(ShiftedTime clock, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        // periods are closed by the command here, not by the service
        builder.Configuration["Balances:ClosingEvery"] = "01:00:00";
        // what is reported is a file: only few tests need Stripe
        var exports = Directory.CreateTempSubdirectory("metering-cli-exports-").FullName;
        if (settings.Length == 0) settings = [("Billing:Sink", $"file:{Path.Combine(exports, "usage.csv")}")];
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton<TimeProvider>(clock).AddSingleton<IEventStreams>(new MemoryStreams(clock))
            .AddReservations(builder.Configuration).AddBalances(builder.Configuration).AddBillingSync(builder.Configuration)
            .AddBus(builder.Configuration);
        var app = builder.Build();
        app.MapReservations();
        app.MapBalances();
        app.MapBillingSync();
        await app.StartAsync();
        return new(app, clock, exports);
    }

    public string NewId() => Guid.CreateVersion7(Clock.GetUtcNow()).ToString();

    /// <summary>Waits until the read models know all that the user's ledger says.</summary>
    public async Task Project(string user, CancellationToken cancellation)
    {
        var streams = app.Services.GetRequiredService<IEventStreams>();
        await foreach (var last in streams.Read($"ledger-{user}", Direction.Backwards, Revisions.End, 1, cancellation))
            await app.Services.GetRequiredKeyedService<Projector>("balances").WaitFor(last.Position, cancellation);
    }

    /// <summary>Waits until so many events of a user's reports are known to those who ask for them.</summary>
    public Task Report(string user, int events, CancellationToken cancellation) =>
        app.Services.GetRequiredService<BillingView>().WaitFor(user, events - 1, cancellation);

    /// <summary>Takes an event of Stripe's in, as a signed webhook brings it, until it is known to those who ask for problems.</summary>
    public async Task Tell(JsonNode told, CancellationToken cancellation)
    {
        await app.Services.GetRequiredService<WebhookIntake>().Take(JsonSerializer.SerializeToElement(told), cancellation);
        var stream = $"stripe-{told["data"]!["object"]!["customer"]}";
        var streams = app.Services.GetRequiredService<IEventStreams>();
        await foreach (var last in streams.Read(stream, Direction.Backwards, Revisions.End, 1, cancellation))
            await app.Services.GetRequiredService<StripeView>().WaitFor(last.Position, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await app.DisposeAsync();
        Directory.Delete(exports, recursive: true);
    }
}
