using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe;

/// <summary>Amounts are in the currency's smallest unit.</summary>
public class Invoice : StripeEntity<Invoice>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public long AmountDue { get; set; }
    public long AmountPaid { get; set; }
    public long AmountRemaining { get; set; }
    public long AttemptCount { get; set; }
    public bool Attempted { get; set; }
    public bool AutoAdvance { get; set; }
    public DateTime? AutomaticallyFinalizesAt { get; set; }
    public string BillingReason { get; set; }
    public string CollectionMethod { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public string Currency { get; set; }
    public bool? Deleted { get; set; }
    public string Description { get; set; }
    public bool Livemode { get; set; }
    public Dictionary<string, string> Metadata { get; set; }
    public DateTime? NextPaymentAttempt { get; set; }
    public string Number { get; set; }
    public DateTime PeriodEnd { get; set; } = UnixSeconds.Epoch;
    public DateTime PeriodStart { get; set; } = UnixSeconds.Epoch;

    /// <summary>draft, open, paid, uncollectible, void.</summary>
    public string Status { get; set; }

    public long Subtotal { get; set; }
    public long Total { get; set; }

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

    [JsonInclude, JsonPropertyName("customer")]
    internal Expandable<Customer> CustomerRef { get; set; }

    // The rest is public in the genuine package; internal here because the published listing has no line for these types.
    [JsonInclude]
    internal StripeList<InvoiceLineItem> Lines { get; set; }

    [JsonInclude]
    internal InvoiceParent Parent { get; set; }
}

internal sealed class InvoiceParent : StripeEntity<InvoiceParent>
{
    public InvoiceParentSubscriptionDetails SubscriptionDetails { get; set; }
    public string Type { get; set; }
}

internal sealed class InvoiceParentSubscriptionDetails : StripeEntity<InvoiceParentSubscriptionDetails>
{
    public Dictionary<string, string> Metadata { get; set; }

    [JsonIgnore]
    public string SubscriptionId
    {
        get => SubscriptionRef?.Id;
        set => SubscriptionRef = Expandable.OfId(value, SubscriptionRef);
    }

    [JsonInclude, JsonPropertyName("subscription")]
    internal Expandable<Subscription> SubscriptionRef { get; set; }
}

internal sealed class InvoiceLineItem : StripeEntity<InvoiceLineItem>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public long Amount { get; set; }
    public string Currency { get; set; }
    public string Description { get; set; }
    public string Invoice { get; set; }
    public InvoiceLineItemPeriod Period { get; set; }
    public InvoiceLineItemPricing Pricing { get; set; }
    public long? Quantity { get; set; }

    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public decimal? QuantityDecimal { get; set; }
}

internal sealed class InvoiceLineItemPeriod : StripeEntity<InvoiceLineItemPeriod>
{
    public DateTime End { get; set; } = UnixSeconds.Epoch;
    public DateTime Start { get; set; } = UnixSeconds.Epoch;
}

internal sealed class InvoiceLineItemPricing : StripeEntity<InvoiceLineItemPricing>
{
    public InvoiceLineItemPricingPriceDetails PriceDetails { get; set; }
    public string Type { get; set; }

    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public decimal? UnitAmountDecimal { get; set; }
}

internal sealed class InvoiceLineItemPricingPriceDetails : StripeEntity<InvoiceLineItemPricingPriceDetails>
{
    public string Product { get; set; }

    [JsonIgnore]
    public string PriceId
    {
        get => PriceRef?.Id;
        set => PriceRef = Expandable.OfId(value, PriceRef);
    }

    [JsonInclude, JsonPropertyName("price")]
    internal Expandable<Price> PriceRef { get; set; }
}
