using System.Net;
using System.Text.Json;
using Stripe.V2.Core;
using Stripe.Wire;

namespace Stripe;

public class StripeClientOptions
{
    public string ApiBase { get; set; }
    public string ApiKey { get; set; }
    public string ClientId { get; set; }
    public IHttpClient HttpClient { get; set; }
    public string StripeAccount { get; set; }
}

public interface IStripeClient
{
    string ApiBase { get; }
    string ApiKey { get; }
    string ClientId { get; }

    Task<T> RequestAsync<T>(
        HttpMethod method, string path, BaseOptions options, RequestOptions requestOptions, CancellationToken cancellationToken = default)
        where T : StripeEntity;
}

public class StripeClient : IStripeClient
{
    private readonly string account;

    public StripeClient(
        string apiKey = null, string clientId = null, IHttpClient httpClient = null, string apiBase = null,
        string connectBase = null, string filesBase = null, string meterEventsBase = null)
        : this(new StripeClientOptions { ApiKey = apiKey, ClientId = clientId, HttpClient = httpClient, ApiBase = apiBase })
    {
    }

    public StripeClient(StripeClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require(options.ApiKey);
        ApiKey = options.ApiKey;
        ClientId = options.ClientId;
        account = options.StripeAccount;
        ApiBase = options.ApiBase ?? DefaultApiBase;
        HttpClient = options.HttpClient ?? new SystemNetHttpClient();
        V1 = new V1Services(this);
        V2 = new V2Services(this);
    }

    public static string DefaultApiBase => "https://api.stripe.com";

    public string ApiBase { get; }
    public string ApiKey { get; }
    public string ClientId { get; }
    public IHttpClient HttpClient { get; }
    public V1Services V1 { get; }
    public V2Services V2 { get; }

    public async Task<T> RequestAsync<T>(
        HttpMethod method, string path, BaseOptions options, RequestOptions requestOptions, CancellationToken cancellationToken = default)
        where T : StripeEntity
    {
        var key = requestOptions?.ApiKey ?? ApiKey ?? throw new StripeException("No API key was given: set one on the client.");
        var request = new StripeRequest(method, ApiBase + path, options, WithAccount(requestOptions), key);
        return Read<T>(await HttpClient.MakeRequestAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// A thin event's webhook, signed no longer than <paramref name="tolerance"/> seconds ago by this machine's clock. With a clock of
    /// one's own: <see cref="EventUtility.ValidateSignature(string, string, string, long, long)"/>, then <see cref="EventNotification.FromJson"/>.
    /// </summary>
    public EventNotification ParseEventNotification(
        string json, string stripeSignatureHeader, string secret, long tolerance = EventUtility.DefaultTimeTolerance)
    {
        EventUtility.ValidateSignature(json, stripeSignatureHeader, secret, tolerance);
        return EventUtility.ObjectOf(json) == "event"
            ? throw new ArgumentException("This is a webhook's event, not a thin event's notification: EventUtility.ConstructEvent reads it.", nameof(json))
            : EventNotification.FromJson(json, this);
    }

    private static void Require(string apiKey)
    {
        if (apiKey is null) return;
        if (apiKey.Length == 0) throw new ArgumentException("The API key is empty.", nameof(apiKey));
        if (apiKey.Any(char.IsWhiteSpace)) throw new ArgumentException("The API key contains whitespace.", nameof(apiKey));
    }

    private RequestOptions WithAccount(RequestOptions given) => new()
    {
        IdempotencyKey = given?.IdempotencyKey,
        StripeAccount = given?.StripeAccount ?? account,
    };

    private static T Read<T>(StripeResponse answer)
        where T : StripeEntity
    {
        // Only 200 is an answer: what a proxy says in between (201, 302, an HTML page) is none.
        if (answer.StatusCode != HttpStatusCode.OK) throw Refusal(answer);
        try
        {
            var entity = StripeEntity.FromJson<T>(answer.Content) ?? throw Unreadable(answer);
            entity.StripeResponse = answer;
            return entity;
        }
        catch (JsonException)
        {
            throw Unreadable(answer);
        }
    }

    private static StripeException Refusal(StripeResponse answer)
    {
        if (ErrorOf(answer) is not { } error) return Unreadable(answer);
        error.StripeResponse = answer;
        return new StripeException(answer.StatusCode, error, error.ErrorDescription ?? error.Message) { StripeResponse = answer };
    }

    private static StripeError ErrorOf(StripeResponse answer)
    {
        try
        {
            using var body = JsonDocument.Parse(answer.Content);
            var isObject = body.RootElement.ValueKind == JsonValueKind.Object;
            if (!isObject || !body.RootElement.TryGetProperty("error", out var error)) return null;
            return (error.ValueKind == JsonValueKind.Object ? error : body.RootElement).Deserialize<StripeError>(Json.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static StripeException Unreadable(StripeResponse answer) =>
        new(answer.StatusCode, null, $"Invalid response object from API: \"{answer.Content}\"") { StripeResponse = answer };
}
