using System.Net;
using Metering.BillingSync.Reports;
using Stripe;
using Stripe.Billing;

namespace Metering.BillingSync.Sending;

/// <summary>
/// Stripe's meter events. The SDK's own retries are off: every attempt is recorded before it is made, and the sender chooses its idempotency key.
/// </summary>
public sealed class StripeMeters : IUsageSink, IDisposable
{
    private readonly HttpClient http;
    private readonly StripeClient client;

    public StripeMeters(StripeOptions options)
    {
        http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = options.Timeout };
        client = ClientOf(options, http);
    }

    internal static StripeClient ClientOf(StripeOptions options, HttpClient http) => new(new StripeClientOptions
    {
        ApiKey = options.ApiKey,
        ApiBase = options.ApiBase.TrimEnd('/'),
        HttpClient = new SystemNetHttpClient(http, maxNetworkRetries: 0),
    });

    public async Task<SendResult> Send(Outgoing report, string idempotencyKey)
    {
        try
        {
            await client.V1.Billing.MeterEvents.CreateAsync(ToOptions(report), new RequestOptions { IdempotencyKey = idempotencyKey });
            return new SendResult.Answered(new StripeAnswer.Taken());
        }
        catch (StripeException answer)
        {
            return Classify(answer.HttpStatusCode, answer.StripeError, answer.Message, report.Identifier);
        }
        catch (HttpRequestException failure)
        {
            return new SendResult.Later(WasNeverReached(failure) ? AttemptEnd.NotTaken : AttemptEnd.Lost, failure.Message);
        }
        catch (OperationCanceledException)
        {
            return new SendResult.Later(AttemptEnd.Lost, $"no answer within {http.Timeout}");
        }
    }

    public void Dispose() => http.Dispose();

    private static MeterEventCreateOptions ToOptions(Outgoing report) => new()
    {
        EventName = report.EventName,
        Identifier = report.Identifier,
        Payload = new Dictionary<string, string> { ["stripe_customer_id"] = report.StripeCustomer, ["value"] = report.Value },
        Timestamp = report.Timestamp.UtcDateTime,
    };

    /// <summary>Of a duplicate, as the documentation has it for v2; seen on v1 is only the sentence, without a code.</summary>
    private const string DuplicateCode = "duplicate_meter_event";

    /// <summary>What an answer other than 200 means. Without Stripe's own error in it, somebody in between has spoken.</summary>
    private static SendResult Classify(HttpStatusCode status, StripeError? error, string message, string identifier) => (int)status switch
    {
        _ when error is null => new SendResult.Later(AttemptEnd.Failed, $"{(int)status}: {message}"),
        401 or 403 => new SendResult.Answered(new StripeAnswer.TurnedAway(CodeOf(error), message)),
        409 or 429 => new SendResult.Later(AttemptEnd.NotTaken, $"{(int)status}: {message}"),
        400 when error.Code == DuplicateCode || Names(message, identifier) => new SendResult.Answered(new StripeAnswer.Exists(message)),
        400 or 402 => new SendResult.Answered(new StripeAnswer.Refused(CodeOf(error), message)),
        _ => new SendResult.Later(AttemptEnd.Failed, $"{(int)status}: {message}"),
    };

    private static bool Names(string message, string identifier)
    {
        var found = message.IndexOf("already exists with identifier " + identifier, StringComparison.Ordinal);
        if (found < 0) return false;
        var rest = message.AsSpan(found + "already exists with identifier ".Length + identifier.Length);
        return rest.IsEmpty || !(char.IsAsciiLetterOrDigit(rest[0]) || rest[0] is '_' or '-' or '#');
    }

    private static string CodeOf(StripeError error) => error.Code ?? error.Type ?? "unknown";

    private static bool WasNeverReached(HttpRequestException failure) => failure.HttpRequestError
        is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
}
