using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe;

/// <summary>Its period is its items': a subscription has had none of its own since 2025-03-31.basil.</summary>
public class Subscription : StripeEntity<Subscription>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public DateTime BillingCycleAnchor { get; set; } = UnixSeconds.Epoch;
    public DateTime? CancelAt { get; set; }
    public bool CancelAtPeriodEnd { get; set; }
    public DateTime? CanceledAt { get; set; }
    public string CollectionMethod { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public string Currency { get; set; }
    public string Description { get; set; }
    public DateTime? EndedAt { get; set; }
    public StripeList<SubscriptionItem> Items { get; set; }
    public bool Livemode { get; set; }
    public Dictionary<string, string> Metadata { get; set; }
    public DateTime StartDate { get; set; } = UnixSeconds.Epoch;

    /// <summary>active, past_due, canceled, incomplete, incomplete_expired, trialing, unpaid, paused; more may come.</summary>
    public string Status { get; set; }

    public DateTime? TrialEnd { get; set; }
    public DateTime? TrialStart { get; set; }

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
    public string LatestInvoiceId
    {
        get => LatestInvoiceRef?.Id;
        set => LatestInvoiceRef = Expandable.OfId(value, LatestInvoiceRef);
    }

    [JsonIgnore]
    public Invoice LatestInvoice
    {
        get => LatestInvoiceRef?.Object;
        set => LatestInvoiceRef = Expandable.Of(value);
    }

    [JsonInclude, JsonPropertyName("customer")]
    internal Expandable<Customer> CustomerRef { get; set; }

    [JsonInclude, JsonPropertyName("latest_invoice")]
    internal Expandable<Invoice> LatestInvoiceRef { get; set; }
}

public class SubscriptionItem : StripeEntity<SubscriptionItem>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public DateTime CurrentPeriodEnd { get; set; } = UnixSeconds.Epoch;
    public DateTime CurrentPeriodStart { get; set; } = UnixSeconds.Epoch;
    public bool? Deleted { get; set; }
    public Dictionary<string, string> Metadata { get; set; }

    /// <summary>0 for a metered price: it has none.</summary>
    public long Quantity { get; set; }

    public string Subscription { get; set; }

    // Public in the genuine package; internal here because the published listing has no line for its type.
    [JsonInclude]
    internal Price Price { get; set; }
}

internal sealed class Price : StripeEntity<Price>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public bool Active { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public string Currency { get; set; }
    public bool Livemode { get; set; }
    public string LookupKey { get; set; }
    public Dictionary<string, string> Metadata { get; set; }
    public string Nickname { get; set; }
    public PriceRecurring Recurring { get; set; }
    public string Type { get; set; }
    public long? UnitAmount { get; set; }

    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public decimal? UnitAmountDecimal { get; set; }

    [JsonIgnore]
    public string ProductId
    {
        get => ProductRef?.Id;
        set => ProductRef = Expandable.OfId(value, ProductRef);
    }

    [JsonInclude, JsonPropertyName("product")]
    internal Expandable<Product> ProductRef { get; set; }
}

internal sealed class PriceRecurring : StripeEntity<PriceRecurring>
{
    public string Interval { get; set; }
    public long IntervalCount { get; set; }
    public string Meter { get; set; }
    public string UsageType { get; set; }
}

internal sealed class Product : StripeEntity<Product>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public string Name { get; set; }
}
