using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Metering.Reservations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stripe;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>BillingSync and Accounts as one process over real HTTP, on streams that outlive it.</summary>
internal sealed class WebhookSite : IAsyncDisposable
{
    public const string Secret = "whsec_new";
    public const string OldSecret = "whsec_old";

    private readonly WebApplication app;
    private readonly TimeProvider clock;
    private readonly GrpcChannel channel;
    private readonly HttpClient http = new();

    private WebhookSite(WebApplication app, TimeProvider clock)
    {
        (this.app, this.clock) = (app, clock);
        channel = GrpcChannel.ForAddress(app.Urls.First());
        (Accounts, Catalog, Ops) = (new(channel), new(channel), new(channel));
    }

    public V1.Accounts.AccountsClient Accounts { get; }
    public V1.Catalog.CatalogClient Catalog { get; }
    public V1.BillingOps.BillingOpsClient Ops { get; }
    public IServiceProvider Services => app.Services;
    public Uri Webhooks => new(app.Urls.Last() + "/webhooks/stripe");

    /// <param name="port">Where it serves gRPC; 0: at a free port.</param>
    public static async Task<WebhookSite> Start(
        IEventStreams streams, TimeProvider clock, Uri stripe, int port, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        foreach (var (key, value) in Standard(stripe).Concat(settings)) builder.Configuration[key] = value;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddSingleton(clock).AddSingleton(streams)
            .AddReservations(builder.Configuration).AddBillingSync(builder.Configuration);
        builder.Services.AddBus(builder.Configuration, bus => bus.AddBillingSyncConsumers());
        var app = builder.Build();
        app.MapReservations();
        app.MapBillingSync();
        await app.StartAsync();
        return new(app, clock);
    }

    public string NewId() => Guid.CreateVersion7(clock.GetUtcNow()).ToString();

    /// <summary>Delivers an event as Stripe does.</summary>
    public Task<HttpStatusCode> Deliver(JsonObject told, string secret = Secret, TimeSpan ago = default) =>
        Post(told.ToJsonString(), Header(told.ToJsonString(), secret, clock.GetUtcNow() - ago));

    public async Task<HttpStatusCode> Post(string body, string? signature)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, Webhooks);
        message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (signature is not null) message.Headers.TryAddWithoutValidation("Stripe-Signature", signature);
        using var answer = await http.SendAsync(message);
        return answer.StatusCode;
    }

    public static string Header(string body, string secret, DateTimeOffset at)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={time},v1={EventUtility.ComputeSignature(secret, time, body)}";
    }

    public async Task Publish(string plan) => await Catalog.PublishPlanAsync(new V1.PublishPlanRequest
    {
        CommandId = NewId(),
        Plan = new V1.Plan { Id = plan, Period = V1.WindowLength.Month, Anchor = V1.Anchor.Calendar, Currency = "USD" },
    });

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        channel.Dispose();
        await app.DisposeAsync();
    }

    private static IEnumerable<(string Key, string Value)> Standard(Uri stripe) =>
    [
        ("Stripe:ApiKey", WebhookTest.Key), ("Stripe:ApiBase", stripe.GetLeftPart(UriPartial.Authority)), ("Stripe:RequestsPerSecond", "0"),
        ("Stripe:RetryAfter", "00:00:00.050"), ("Stripe:WebhookSecret", $"{Secret}, {OldSecret}"),
        ("Billing:Plans:price_pro", "pro"), ("Billing:Plans:team_monthly", "team"), ("Billing:Plans:prod_max", "max"),
        ("Billing:Plans:price_nowhere", "nowhere"),
    ];
}
