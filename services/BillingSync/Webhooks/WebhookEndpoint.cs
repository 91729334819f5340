using System.Text;
using System.Text.Json;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>
/// <c>POST /webhooks/stripe</c>: 200 once all is done, or there is nothing to do; 400 for what is not Stripe's, is old or no event; 413 for
/// more than <see cref="MostBytes"/>; 503 where something of ours is away, and 500 for a defect: Stripe delivers it again, for three days.
/// </summary>
public sealed partial class WebhookEndpoint(Signatures signatures, WebhookIntake intake, ILogger<WebhookEndpoint> logger)
{
    public const string Path = "/webhooks/stripe";

    /// <summary>More than any event has.</summary>
    public const int MostBytes = 1024 * 1024;

    private const string SignatureHeader = "Stripe-Signature";

    public async Task Handle(HttpContext http)
    {
        var (status, outcome) = await Answer(http);
        SyncMeter.Webhooks.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(outcome + "\n", http.RequestAborted);
    }

    private async Task<(int Status, string Outcome)> Answer(HttpContext http)
    {
        if (!signatures.HasSecret) return (StatusCodes.Status503ServiceUnavailable, "no Stripe:WebhookSecret is set");
        if (await Read(http) is not { } body) return (StatusCodes.Status413PayloadTooLarge, "too large");
        var flaw = signatures.Check(body, http.Request.Headers[SignatureHeader].ToString());
        if (flaw == SignatureFlaw.None) return await Take(body, http.RequestAborted);
        LogFlaw(flaw);
        return (StatusCodes.Status400BadRequest, flaw == SignatureFlaw.Old ? "signed too long ago" : "wrongly signed");
    }

    private async Task<(int Status, string Outcome)> Take(string body, CancellationToken cancellation)
    {
        try
        {
            using var parsed = JsonDocument.Parse(body);
            return (StatusCodes.Status200OK, (await intake.Take(parsed.RootElement, cancellation)).ToString().ToLowerInvariant());
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException or OverflowException)
        {
            LogMalformed(malformed);
            return (StatusCodes.Status400BadRequest, "malformed");
        }
        catch (Exception away) when (IsAway(away))
        {
            LogAway(away.Message);
            return (StatusCodes.Status503ServiceUnavailable, "unavailable");
        }
        catch (Exception defect) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(defect);
            return (StatusCodes.Status500InternalServerError, "failed");
        }
    }

    private static bool IsAway(Exception failure) =>
        failure is AccountsAwayException or StripeAwayException or StreamsUnavailableException or ClashException or OverloadedException;

    private static async Task<string?> Read(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MostBytes;
        try
        {
            using var reader = new StreamReader(http.Request.Body, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);
            return await reader.ReadToEndAsync(http.RequestAborted);
        }
        catch (BadHttpRequestException refused) when (refused.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a webhook was refused, its signature is {Flaw}")]
    private partial void LogFlaw(SignatureFlaw flaw);

    [LoggerMessage(Level = LogLevel.Error, Message = "a webhook of Stripe's cannot be read")]
    private partial void LogMalformed(Exception why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a webhook is to be delivered again: {Why}")]
    private partial void LogAway(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "a webhook failed and is to be delivered again")]
    private partial void LogFailed(Exception defect);
}
