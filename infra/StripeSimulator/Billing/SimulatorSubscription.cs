using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>A price that a subscription has; its usage counts from <see cref="From"/> on.</summary>
public sealed record SimulatorItem(string Id, SimulatorPrice Price, long Quantity, DateTimeOffset From)
{
    internal JsonObject ToJson(SimulatorSubscription of, bool livemode)
    {
        var json = new JsonObject
        {
            ["id"] = Id,
            ["object"] = "subscription_item",
            ["created"] = From.ToUnixTimeSeconds(),
            ["current_period_end"] = of.PeriodEnd.ToUnixTimeSeconds(),
            ["current_period_start"] = of.PeriodStart.ToUnixTimeSeconds(),
            ["metadata"] = new JsonObject(),
            ["price"] = Price.ToJson(livemode),
            ["subscription"] = of.Id,
        };
        if (!Price.IsMetered) json["quantity"] = Quantity;
        return json;
    }
}

/// <summary>What a customer pays for, period by period.</summary>
public sealed class SimulatorSubscription
{
    /// <summary>The reason of a subscription's first invoice.</summary>
    internal const string Begins = "subscription_create";

    public required string Id { get; init; }
    public required string Customer { get; init; }
    public required DateTimeOffset Created { get; init; }
    public required DateTimeOffset Anchor { get; init; }
    public IReadOnlyList<SimulatorItem> Items { get; internal set; } = [];
    public DateTimeOffset PeriodStart { get; internal set; }
    public DateTimeOffset PeriodEnd { get; internal set; }
    public string Status { get; internal set; } = "active";
    public bool CancelAtPeriodEnd { get; internal set; }
    public DateTimeOffset? CanceledAt { get; internal set; }
    public DateTimeOffset? EndedAt { get; internal set; }
    public string? LatestInvoice { get; internal set; }
    public IReadOnlyDictionary<string, string> Metadata { get; internal set; } = new Dictionary<string, string>();
    internal string BillingMode { get; init; } = "flexible";

    /// <summary>What was replaced in this period, and is still to be billed: with the flexible billing mode only.</summary>
    internal List<Charge> Replaced { get; } = [];

    internal SimulatorPrice First => Items[0].Price;

    /// <summary>The first boundary after <paramref name="at"/>; the day is the anchor's, clamped at month end.</summary>
    internal DateTimeOffset BoundaryAfter(DateTimeOffset at)
    {
        var times = 0;
        while (First.Later(Anchor, times) <= at) times++;
        return First.Later(Anchor, times);
    }

    internal JsonObject ToJson(bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "subscription",
        ["billing_cycle_anchor"] = Anchor.ToUnixTimeSeconds(),
        ["billing_mode"] = new JsonObject { ["type"] = BillingMode },
        ["cancel_at"] = CancelAtPeriodEnd ? PeriodEnd.ToUnixTimeSeconds() : null,
        ["cancel_at_period_end"] = CancelAtPeriodEnd,
        ["canceled_at"] = CanceledAt?.ToUnixTimeSeconds(),
        ["collection_method"] = "charge_automatically",
        ["created"] = Created.ToUnixTimeSeconds(),
        ["currency"] = First.Currency,
        ["customer"] = Customer,
        ["ended_at"] = EndedAt?.ToUnixTimeSeconds(),
        ["items"] = new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. Items.Select(i => (JsonNode)i.ToJson(this, livemode))]),
            ["has_more"] = false,
            ["url"] = "/v1/subscription_items?subscription=" + Id,
        },
        ["latest_invoice"] = LatestInvoice,
        ["livemode"] = livemode,
        ["metadata"] = Wire.Map(Metadata),
        ["start_date"] = Created.ToUnixTimeSeconds(),
        ["status"] = Status,
        ["trial_end"] = null,
        ["trial_start"] = null,
    };
}
