using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe.Checkout;

/// <summary>Amounts are in the currency's smallest unit.</summary>
public class Session : StripeEntity<Session>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public long? AmountSubtotal { get; set; }
    public long? AmountTotal { get; set; }
    public string ClientReferenceId { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public string Currency { get; set; }
    public DateTime ExpiresAt { get; set; } = UnixSeconds.Epoch;
    public bool Livemode { get; set; }
    public Dictionary<string, string> Metadata { get; set; }

    /// <summary>payment, setup, subscription.</summary>
    public string Mode { get; set; }

    /// <summary>no_payment_required, paid, unpaid: a completed session may still be unpaid where the payment takes days.</summary>
    public string PaymentStatus { get; set; }

    /// <summary>open, complete, expired.</summary>
    public string Status { get; set; }

    public string SuccessUrl { get; set; }
    public string Url { get; set; }

    [JsonIgnore]
    public string CustomerId
    {
        get => CustomerRef?.Id;
        set => CustomerRef = Expandable.OfId(value, CustomerRef);
    }

    [JsonIgnore]
    public Customer Customer
    {
        get => CustomerRef?.Object;
        set => CustomerRef = Expandable.Of(value);
    }

    [JsonIgnore]
    public string PaymentIntentId
    {
        get => PaymentIntentRef?.Id;
        set => PaymentIntentRef = Expandable.OfId(value, PaymentIntentRef);
    }

    [JsonIgnore]
    public string SubscriptionId
    {
        get => SubscriptionRef?.Id;
        set => SubscriptionRef = Expandable.OfId(value, SubscriptionRef);
    }

    [JsonIgnore]
    public Subscription Subscription
    {
        get => SubscriptionRef?.Object;
        set => SubscriptionRef = Expandable.Of(value);
    }

    [JsonInclude, JsonPropertyName("customer")]
    internal Expandable<Customer> CustomerRef { get; set; }

    [JsonInclude, JsonPropertyName("payment_intent")]
    internal Expandable<PaymentIntent> PaymentIntentRef { get; set; }

    [JsonInclude, JsonPropertyName("subscription")]
    internal Expandable<Subscription> SubscriptionRef { get; set; }
}

internal sealed class PaymentIntent : StripeEntity<PaymentIntent>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
}
