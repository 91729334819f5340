using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>Immutable but for its name and status, as the real ones are.</summary>
public sealed class SimulatorMeter
{
    internal static readonly string[] Formulas = ["count", "last", "sum"];
    internal static readonly string[] Windows = ["day", "hour"];

    public required string Id { get; init; }
    public required string EventName { get; init; }
    public string DisplayName { get; internal set; } = "";
    public string Formula { get; init; } = "sum";
    public string? EventTimeWindow { get; init; }
    public string CustomerKey { get; init; } = "stripe_customer_id";
    public string ValueKey { get; init; } = "value";
    public bool Active { get; internal set; } = true;
    internal long Created { get; init; }
    internal long Updated { get; set; }

    internal JsonObject ToJson(bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "billing.meter",
        ["created"] = Created,
        ["customer_mapping"] = new JsonObject { ["event_payload_key"] = CustomerKey, ["type"] = "by_id" },
        ["default_aggregation"] = new JsonObject { ["formula"] = Formula },
        ["display_name"] = DisplayName,
        ["event_name"] = EventName,
        ["event_time_window"] = EventTimeWindow,
        ["livemode"] = livemode,
        ["status"] = Active ? "active" : "inactive",
        ["status_transitions"] = new JsonObject { ["deactivated_at"] = Active ? null : Updated },
        ["updated"] = Updated,
        ["value_settings"] = new JsonObject { ["event_payload_key"] = ValueKey },
    };

    /// <summary>
    /// What the events come to. A meter with a window keeps, of each window, only the event that arrived last.
    /// Events are in the order of their arrival.
    /// </summary>
    internal Exact Aggregate(IEnumerable<RecordedEvent> events)
    {
        var counted = EventTimeWindow is { } window ? events.GroupBy(e => Grid.Floor(e.Timestamp, window)).Select(g => g.Last()) : events;
        return Formula switch
        {
            "count" => new Exact(counted.Count(), 0),
            "last" => counted.Aggregate((RecordedEvent?)null, Later)?.Value ?? Exact.Zero,
            _ => counted.Aggregate(Exact.Zero, (sum, e) => sum + e.Value),
        };
    }

    private static RecordedEvent Later(RecordedEvent? a, RecordedEvent b) => a is null || b.Timestamp >= a.Timestamp ? b : a;
}

/// <summary>The UTC grid that windows lie on.</summary>
internal static class Grid
{
    internal static long Floor(long seconds, string window) => seconds - (seconds % Length(window));

    internal static long Length(string window) => window switch { "day" => 86_400, "hour" => 3_600, _ => 60 };
}
