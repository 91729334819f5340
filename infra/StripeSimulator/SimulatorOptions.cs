namespace Metering.StripeSimulator;

public sealed record SimulatorOptions
{
    /// <summary>Loopback only. Port 0 takes a free one.</summary>
    public Uri Address { get; init; } = new("http://127.0.0.1:0");

    /// <summary>Keys that are accepted besides <c>sk_test_…</c> and <c>rk_test_…</c>; any other is answered 401.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How far the simulated clock starts ahead of <see cref="Time"/>.</summary>
    public TimeSpan Ahead { get; init; }

    /// <summary>How long an identifier is remembered: forgotten exactly then, the least that the real service promises.</summary>
    public TimeSpan IdentifierMemory { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan IdempotencyMemory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Requests per second and account (a sandbox of the real service takes 25); none if null.</summary>
    public int? RateLimit { get; init; }

    /// <summary>What <c>Stripe-Should-Retry</c> says when it is exceeded; nothing if null.</summary>
    public bool? RateLimitShouldRetry { get; init; }

    /// <summary>How long after its arrival an event starts to show in summaries.</summary>
    public TimeSpan SummaryLag { get; init; } = TimeSpan.Zero;

    /// <summary>Each event shows after a part of <see cref="SummaryLag"/> of its own, so that a later one may show first.</summary>
    public bool SummaryLagVaries { get; init; }

    /// <summary>An event for a customer never heard of makes that customer, instead of being dropped.</summary>
    public bool AnyCustomer { get; init; }

    /// <summary>
    /// An event for a customer never heard of is refused at once, as some report of the real service, instead of dropped later.
    /// </summary>
    public bool UnknownCustomerIsSync { get; init; }

    /// <summary>An event without an active meter is taken and dropped, as the real service may do, instead of refused.</summary>
    public bool UnknownMeterIsAsync { get; init; }

    /// <summary>Event names: every account has an active meter of each from its first use.</summary>
    public IReadOnlyList<string> Meters { get; init; } = [];

    /// <summary>How long an invoice stays a draft: usage of its period that arrives meanwhile is on it.</summary>
    public TimeSpan InvoiceGrace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Where events are told. More can be added while it runs.</summary>
    public IReadOnlyList<WebhookTarget> Webhooks { get; init; } = [];

    /// <summary>Of the events in webhooks.</summary>
    public string ApiVersion { get; init; } = "2026-07-29.dahlia";

    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many of the errors of one code a report names.</summary>
    public int ErrorSamples { get; init; } = 5;

    /// <summary>Samples name the event's identifier instead of the request's idempotency key: the documentation says both.</summary>
    public bool SamplesNameEvents { get; init; }

    /// <summary>Of this simulator, once it listens.</summary>
    internal Func<string> Origin { get; init; } = () => "";

    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>How many of the last requests are kept to look at.</summary>
    public int KeepRequests { get; init; } = 1000;
}
