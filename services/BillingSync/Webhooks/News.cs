namespace Metering.BillingSync.Webhooks;

/// <summary>What an event of Stripe's says, as far as it matters here: read from its JSON once, decided on, and kept.</summary>
/// <param name="EventId">Stripe's: the same at every delivery.</param>
/// <param name="Subject">Whom it is about: the customer, or the payment of a guest. One stream each.</param>
/// <param name="Created">When it happened, in whole seconds: deliveries overtake each other.</param>
/// <param name="User">Whom Stripe's customer is, where the event says so of the customer.</param>
public sealed record News(
    string EventId, string Subject, string Type, DateTimeOffset Created, SubscriptionNews? Subscription = null, InvoiceNews? Invoice = null,
    PaymentNews? Payment = null, string? User = null);

/// <summary>A subscription as it was then.</summary>
/// <param name="Status">active, trialing, past_due, unpaid, paused, incomplete, incomplete_expired, canceled; more may come.</param>
/// <param name="Plan">The plan that <c>Billing:Plans</c> has for one of its prices; none: for none of them.</param>
/// <param name="Prices">Their ids, for people.</param>
/// <param name="User">Whose it is, by its own metadata.</param>
public sealed record SubscriptionNews(string Id, string Status, string Prices, string? Plan = null, string? User = null)
{
    /// <summary>It never comes back.</summary>
    public bool HasEnded => Status is "canceled" or "incomplete_expired";

    /// <summary>Its plan is in force: a failed payment is the invoice's matter.</summary>
    public bool IsLive => Status is "active" or "trialing" or "past_due" or "unpaid" or "paused";

    /// <summary>Stripe says to stop serving, until it is active again.</summary>
    public bool IsHeld => Status is "unpaid" or "paused";
}

/// <summary>An invoice's payment.</summary>
/// <param name="Subscription">What it is for.</param>
/// <param name="User">Whose it is, by the subscription's metadata on it.</param>
public sealed record InvoiceNews(string Id, InvoiceStanding Standing, string? Subscription = null, string? User = null);

/// <summary>How an invoice stands.</summary>
public enum InvoiceStanding
{
    /// <summary>A payment failed, and more attempts are to come before anything follows.</summary>
    Failing,

    /// <summary>So many failed that the user is suspended.</summary>
    Owed,

    /// <summary>Nothing is owed any more: paid, or void.</summary>
    Settled,
}

/// <summary>A payment for credit.</summary>
/// <param name="Source">The payment's id: it grants once for ever.</param>
/// <param name="Amount">In the unit: nano-units of a currency. 1 or more.</param>
/// <param name="User">Whose it is, by the metadata of the checkout.</param>
public sealed record PaymentNews(string Source, string Unit, long Amount, string? User = null);
