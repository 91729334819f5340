using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.StripeSimulatorTests;

public sealed record ReceivedWebhook(string Body, string Signature);

/// <summary>An address that takes webhooks, and answers them as it is told.</summary>
public sealed class WebhookInbox : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<ReceivedWebhook> received = [];

    private WebhookInbox(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = null!;

    /// <summary>Status codes of the next answers; 200 once there is none left.</summary>
    public Queue<int> Answers { get; } = new();

    public IReadOnlyList<ReceivedWebhook> Received
    {
        get { lock (received) return [.. received]; }
    }

    public static async Task<WebhookInbox> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var inbox = new WebhookInbox(builder.Build());
        inbox.app.Run(inbox.TakeAsync);
        await inbox.app.StartAsync();
        var addresses = inbox.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        inbox.Url = new Uri(addresses.Addresses.First() + "/webhooks");
        return inbox;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        lock (received)
        {
            received.Add(new ReceivedWebhook(body, http.Request.Headers["Stripe-Signature"].ToString()));
            http.Response.StatusCode = Answers.TryDequeue(out var status) ? status : 200;
        }
    }
}
