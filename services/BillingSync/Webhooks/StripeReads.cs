using System.Net;
using System.Text.Json;
using Metering.BillingSync.Sending;
using Stripe;

namespace Metering.BillingSync.Webhooks;

/// <summary>Stripe did not answer: ask later.</summary>
public sealed class StripeAwayException(string what, Exception cause)
    : Exception($"Stripe did not answer with {what}: {cause.Message}", cause);

/// <summary>Reads from Stripe what events do not say. None: Stripe has no such thing.</summary>
public sealed class StripeReads : IDisposable
{
    private readonly HttpClient http;
    private readonly Lazy<StripeClient> client;

    public StripeReads(StripeOptions options)
    {
        http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = options.Timeout };
        // an export to a file needs no key
        client = new(() => new StripeClient(new StripeClientOptions
        {
            ApiKey = options.ApiKey, ApiBase = options.ApiBase.TrimEnd('/'),
            HttpClient = new SystemNetHttpClient(http, maxNetworkRetries: 0),
        }));
    }

    public Task<JsonElement?> Subscription(string id, CancellationToken cancellation) =>
        Get<Subscription>("/v1/subscriptions/", id, cancellation);

    public Task<JsonElement?> Customer(string id, CancellationToken cancellation) => Get<Customer>("/v1/customers/", id, cancellation);

    /// <summary>A thin event with its data.</summary>
    public Task<JsonElement?> ThinEvent(string id, CancellationToken cancellation) =>
        Get<Stripe.V2.Core.Event>("/v2/core/events/", id, cancellation);

    public void Dispose() => http.Dispose();

    private async Task<JsonElement?> Get<T>(string path, string id, CancellationToken cancellation) where T : StripeEntity
    {
        try
        {
            var answer = await client.Value.RequestAsync<T>(HttpMethod.Get, path + Uri.EscapeDataString(id), null, null, cancellation);
            using var body = JsonDocument.Parse(answer.StripeResponse.Content);
            return body.RootElement.Clone();
        }
        catch (StripeException missing) when (missing is { HttpStatusCode: HttpStatusCode.NotFound, StripeError: not null })
        {
            return null;
        }
        catch (Exception failure) when (failure is StripeException or HttpRequestException or OperationCanceledException or JsonException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new StripeAwayException(id, failure);
        }
    }
}
