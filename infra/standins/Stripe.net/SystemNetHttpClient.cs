using System.Net;
using Stripe.Wire;

namespace Stripe;

/// <summary>Its one member is closed: another implementation can be passed to the genuine package only.</summary>
public interface IHttpClient
{
    internal Task<StripeResponse> MakeRequestAsync(StripeRequest request, CancellationToken cancellationToken = default);
}

public class SystemNetHttpClient : IHttpClient
{
    public const int DefaultMaxNumberRetries = 2;
    private static readonly Lazy<HttpClient> Shared = new(BuildDefaultSystemNetHttpClient);
    private readonly HttpClient httpClient;

    // Public in the genuine package; internal here because the published listing has no line for AppInfo, the type of its third parameter.
    internal SystemNetHttpClient(
        HttpClient httpClient = null, int maxNetworkRetries = DefaultMaxNumberRetries, AppInfo appInfo = null, bool enableTelemetry = true)
    {
        this.httpClient = httpClient ?? Shared.Value;
        MaxNetworkRetries = maxNetworkRetries;
        EnableTelemetry = enableTelemetry;
    }

    public static TimeSpan DefaultHttpTimeout => TimeSpan.FromSeconds(80);
    public static TimeSpan MaxNetworkRetriesDelay => TimeSpan.FromSeconds(5);
    public static TimeSpan MinNetworkRetriesDelay => TimeSpan.FromSeconds(0.5);

    /// <summary>Kept for its readers: nothing is reported from here.</summary>
    public bool EnableTelemetry { get; }

    public int MaxNetworkRetries { get; }

    public static HttpClient BuildDefaultSystemNetHttpClient() => new() { Timeout = DefaultHttpTimeout };

    async Task<StripeResponse> IHttpClient.MakeRequestAsync(StripeRequest request, CancellationToken cancellationToken)
    {
        for (var retries = 0; ; retries++)
        {
            try
            {
                var answer = await SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (retries >= MaxNetworkRetries || !IsWorthRetrying(answer)) return answer;
            }
            catch (Exception e) when (retries < MaxNetworkRetries && IsLost(e, cancellationToken))
            {
                // Whether the call was carried out is unknown: the idempotency key makes asking again safe.
            }

            // As in the genuine package, the wait does not end early when the caller cancels.
            await Task.Delay(Delay(retries), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<StripeResponse> SendAsync(StripeRequest request, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage();
        using var answer = await httpClient.SendAsync(message, cancellationToken).ConfigureAwait(false);
        var content = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return new StripeResponse(answer.StatusCode, answer.Headers, content);
    }

    private static bool IsLost(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>The service's own word comes first; a plain 429 is for the caller, who alone knows how to slow down.</summary>
    private static bool IsWorthRetrying(StripeResponse answer)
    {
        if (answer.Headers.TryGetValues("Stripe-Should-Retry", out var words) && bool.TryParse(words.First(), out var word)) return word;
        return answer.StatusCode == HttpStatusCode.Conflict || (int)answer.StatusCode >= 500;
    }

    private static TimeSpan Delay(int retries)
    {
        var doubled = MinNetworkRetriesDelay * Math.Pow(2, retries);
        var capped = doubled < MaxNetworkRetriesDelay ? doubled : MaxNetworkRetriesDelay;
        var jittered = capped * (0.75 + (Random.Shared.NextDouble() / 4));
        return jittered > MinNetworkRetriesDelay ? jittered : MinNetworkRetriesDelay;
    }
}
