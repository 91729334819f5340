using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>What is to be billed of an item: a quantity in advance, or, of a metered price, what was used in [From, To).</summary>
internal sealed record Charge(SimulatorItem Item, DateTimeOffset From, DateTimeOffset To);

/// <summary>
/// What an invoice bills. <see cref="Used"/> is the meter's own total, which may be below zero, where the quantity billed is 0;
/// <see cref="Events"/> are the identifiers of the usage that it sums.
/// </summary>
public sealed record InvoiceLine(
    string Id, SimulatorItem Item, DateTimeOffset From, DateTimeOffset To, Exact Used, IReadOnlyList<string> Events)
{
    public Exact Quantity => Used.CompareTo(Exact.Zero) < 0 ? Exact.Zero : Used;

    public long Amount => Item.Price.AmountOf(Quantity);

    internal JsonObject ToJson(SimulatorInvoice of, bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "line_item",
        ["amount"] = Amount,
        ["currency"] = of.Currency,
        ["description"] = $"{Quantity} × {Item.Price.Nickname ?? Item.Price.Product}",
        ["invoice"] = of.Id,
        ["livemode"] = livemode,
        ["metadata"] = new JsonObject(),
        ["parent"] = new JsonObject
        {
            ["type"] = "subscription_item_details",
            ["subscription_item_details"] = new JsonObject { ["subscription"] = of.Subscription, ["subscription_item"] = Item.Id },
        },
        ["period"] = new JsonObject { ["start"] = From.ToUnixTimeSeconds(), ["end"] = To.ToUnixTimeSeconds() },
        ["pricing"] = new JsonObject
        {
            ["type"] = "price_details",
            ["price_details"] = new JsonObject { ["price"] = Item.Price.Id, ["product"] = Item.Price.Product },
            ["unit_amount_decimal"] = Item.Price.Tiers.Count == 0 ? Item.Price.UnitAmount.ToString() : null,
        },
        ["quantity"] = Quantity.IsWhole && Quantity.Fits ? Quantity.Rounded() : null,
        ["quantity_decimal"] = Quantity.ToString(),
    };
}

/// <summary>
/// A draft until its grace has passed; from then on it never changes but in whether it is paid. Amounts in smallest units.
/// </summary>
public sealed class SimulatorInvoice
{
    public required string Id { get; init; }
    public required string Subscription { get; init; }
    public required string Customer { get; init; }
    public required string Currency { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset Created { get; init; }
    public required DateTimeOffset FinalizesAt { get; init; }
    public required DateTimeOffset PeriodStart { get; init; }
    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>draft, open, paid.</summary>
    public string Status { get; internal set; } = "draft";

    /// <summary>Of a draft, as of now.</summary>
    public IReadOnlyList<InvoiceLine> Lines { get; internal set; } = [];

    public int Attempts { get; internal set; }
    public DateTimeOffset? FinalizedAt { get; internal set; }
    public DateTimeOffset? PaidAt { get; internal set; }
    public DateTimeOffset? NextAttempt { get; internal set; }
    public long Total => Lines.Sum(l => l.Amount);
    internal IReadOnlyList<Charge> Charges { get; init; } = [];

    internal JsonObject ToJson(bool livemode)
    {
        var (total, paid) = (Total, Status == "paid");
        return new JsonObject
        {
            ["id"] = Id,
            ["object"] = "invoice",
            ["amount_due"] = total,
            ["amount_paid"] = paid ? total : 0,
            ["amount_remaining"] = paid ? 0 : total,
            ["attempt_count"] = Attempts,
            ["attempted"] = Attempts > 0,
            ["auto_advance"] = Status == "draft",
            ["automatically_finalizes_at"] = Status == "draft" ? FinalizesAt.ToUnixTimeSeconds() : null,
            ["billing_reason"] = Reason,
            ["collection_method"] = "charge_automatically",
            ["created"] = Created.ToUnixTimeSeconds(),
            ["currency"] = Currency,
            ["customer"] = Customer,
            ["lines"] = LinesJson(livemode),
            ["livemode"] = livemode,
            ["metadata"] = new JsonObject(),
            ["next_payment_attempt"] = NextAttempt?.ToUnixTimeSeconds(),
            ["number"] = FinalizedAt is null ? null : "SIM-" + Id[^8..],
            ["parent"] = new JsonObject
            {
                ["type"] = "subscription_details",
                ["subscription_details"] = new JsonObject { ["metadata"] = new JsonObject(), ["subscription"] = Subscription },
            },
            ["period_end"] = PeriodEnd.ToUnixTimeSeconds(),
            ["period_start"] = PeriodStart.ToUnixTimeSeconds(),
            ["status"] = Status,
            ["status_transitions"] = new JsonObject
            {
                ["finalized_at"] = FinalizedAt?.ToUnixTimeSeconds(),
                ["paid_at"] = PaidAt?.ToUnixTimeSeconds(),
            },
            ["subtotal"] = total,
            ["total"] = total,
        };
    }

    private JsonObject LinesJson(bool livemode) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. Lines.Select(l => (JsonNode)l.ToJson(this, livemode))]),
        ["has_more"] = false,
        ["url"] = $"/v1/invoices/{Id}/lines",
    };
}
