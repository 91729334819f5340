using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Stripe.Wire;

/// <summary>One call: made once, so that every attempt of it carries the same idempotency key.</summary>
internal sealed class StripeRequest(HttpMethod method, string url, BaseOptions options, RequestOptions requestOptions, string apiKey)
{
    private readonly string form = Form.Encode(options);
    private readonly string idempotencyKey = requestOptions?.IdempotencyKey ?? (method == HttpMethod.Post ? NewKey() : null);

    /// <summary>A fresh message for each attempt: a message that was sent cannot be sent again.</summary>
    internal HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(method, Address()) { Content = Body() };
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        message.Headers.TryAddWithoutValidation("User-Agent", "Stripe/v1 .NetBindings/" + StripeConfiguration.StripeNetVersion);
        message.Headers.TryAddWithoutValidation("Stripe-Version", StripeConfiguration.ApiVersion);
        if (idempotencyKey is not null) message.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        if (requestOptions?.StripeAccount is { } account) message.Headers.TryAddWithoutValidation("Stripe-Account", account);
        return message;
    }

    private string Address() => method == HttpMethod.Post || form.Length == 0 ? url : $"{url}?{form}";

    private ByteArrayContent Body()
    {
        if (method != HttpMethod.Post) return null;
        var body = new ByteArrayContent(Encoding.UTF8.GetBytes(form));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded", "utf-8");
        return body;
    }

    private static string NewKey() => new Guid(RandomNumberGenerator.GetBytes(16)).ToString();
}
