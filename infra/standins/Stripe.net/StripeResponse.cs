using System.Net;
using System.Net.Http.Headers;

namespace Stripe;

public abstract class StripeResponseBase(HttpStatusCode statusCode, HttpResponseHeaders headers)
{
    public HttpStatusCode StatusCode { get; } = statusCode;
    public HttpResponseHeaders Headers { get; } = headers;
    public DateTimeOffset? Date => Headers?.Date;
    public string IdempotencyKey => First("Idempotency-Key");
    public string RequestId => First("Request-Id");

    private string First(string name) =>
        Headers is not null && Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}

public class StripeResponse(HttpStatusCode statusCode, HttpResponseHeaders headers, string content)
    : StripeResponseBase(statusCode, headers)
{
    public string Content { get; } = content;
}
