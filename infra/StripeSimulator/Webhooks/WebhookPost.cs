using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Metering.StripeSimulator;

/// <summary>One signed request: <c>Stripe-Signature: t=…,v1=…</c>, the HMAC-SHA256 of <c>t.body</c> under the target's secret.</summary>
internal sealed class WebhookPost(TimeProvider time, TimeSpan timeout) : IDisposable
{
    private static readonly TimeSpan Old = TimeSpan.FromHours(1);
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = timeout };

    public void Dispose() => http.Dispose();

    internal static string Signature(string secret, string timestamp, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));

    internal async Task<(int? Status, string? Error)> SendAsync(
        WebhookTarget target, string body, FaultKind? fault, CancellationToken token)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, target.Url);
        message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        message.Headers.TryAddWithoutValidation("Stripe-Signature", Header(target.Secret, body, fault));
        message.Headers.TryAddWithoutValidation("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
        try
        {
            using var answer = await http.SendAsync(message, token);
            return ((int)answer.StatusCode, null);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return (null, e.Message);
        }
    }

    private string Header(string secret, string body, FaultKind? fault)
    {
        var at = time.GetUtcNow() - (fault == FaultKind.DeliverOld ? Old : TimeSpan.Zero);
        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={timestamp},v1={Signature(fault == FaultKind.DeliverForged ? secret + "_of_somebody_else" : secret, timestamp, body)}";
    }
}
