using System.Text.Json.Serialization;

namespace Metering.StripeSimulator;

[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
public enum FaultKind
{
    /// <summary>Nothing is recorded and the connection breaks.</summary>
    LoseRequest,

    /// <summary>Carried out (recorded, or refused as it would be), then the connection breaks.</summary>
    LoseAnswer,

    /// <summary>Nothing is recorded; answered with <see cref="Fault.Status"/> and <see cref="Fault.Body"/>.</summary>
    Answer,

    /// <summary>Recorded, then answered 500, which its idempotency key replays.</summary>
    FailAfter,

    /// <summary>Takes <see cref="Fault.DelayMs"/> longer, holding the customer and meter meanwhile.</summary>
    Slow,

    /// <summary>Waits, holding the customer and meter, until it is released.</summary>
    Hold,

    /// <summary>Answered 200, then dropped with <see cref="Fault.Code"/>, and reported by a thin event.</summary>
    RejectLater,

    /// <summary>Answered 200, then gone without a word.</summary>
    Vanish,

    /// <summary>A summary shows only what arrived <see cref="Fault.DelayMs"/> ago or earlier.</summary>
    StaleSummary,

    /// <summary>The customer's payment is declined.</summary>
    DeclinePayment,

    /// <summary>A webhook is sent twice.</summary>
    DeliverTwice,

    /// <summary>A webhook is kept back until the next one has been sent.</summary>
    DeliverLate,

    /// <summary>A webhook is signed with a time an hour ago.</summary>
    DeliverOld,

    /// <summary>A webhook is signed with another secret.</summary>
    DeliverForged,

    /// <summary>A webhook says that it is of an API version of another release train.</summary>
    DeliverOtherVersion,

    /// <summary>A webhook is lost, and not sent again.</summary>
    DeliverNever,
}

/// <summary>Something that goes wrong with the next requests, payments or webhooks that match.</summary>
public sealed record Fault(FaultKind Kind)
{
    private const string EventsPath = "/v1/billing/meter_events";

    /// <summary>How many it hits; every one that matches if negative.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Hits each n-th of those that match.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Of requests. A <c>*</c> at its end stands for the rest.</summary>
    public string Path { get; init; } = Kind == FaultKind.StaleSummary ? "/v1/billing/meters/*" : EventsPath;

    public string? EventName { get; init; }
    public string? Identifier { get; init; }

    /// <summary>Of a payment.</summary>
    public string? Customer { get; init; }

    /// <summary>Of a webhook, as <c>invoice.paid</c> or <c>invoice.*</c>.</summary>
    public string EventType { get; init; } = "*";

    public int Status { get; init; } = 500;
    public string? Body { get; init; }
    public string ContentType { get; init; } = "application/json";
    public bool? ShouldRetry { get; init; }
    public int DelayMs { get; init; }
    public string Code { get; init; } = "meter_event_customer_not_found";

    internal bool Hits(Call call) =>
        Kind < FaultKind.DeclinePayment
        && Pattern.Fits(Path, call.Path)
        && (EventName is null || EventName == call.Find("event_name"))
        && (Identifier is null || Identifier == call.Find("identifier"));

    internal bool HitsPayment(string customer) => Kind == FaultKind.DeclinePayment && (Customer is null || Customer == customer);

    internal bool HitsDelivery(string type) => Kind > FaultKind.DeclinePayment && Pattern.Fits(EventType, type);

    internal Answer ToAnswer()
    {
        var body = Body ?? Errors.Body(Status == 429 ? "rate_limit_error" : "api_error", $"A fault was asked for: {Status}.");
        return new Answer(Status, body) { ContentType = ContentType, ShouldRetry = ShouldRetry };
    }
}

internal static class Pattern
{
    internal static bool Fits(string pattern, string text) =>
        pattern.EndsWith('*') ? text.StartsWith(pattern[..^1], StringComparison.Ordinal) : text == pattern;
}
