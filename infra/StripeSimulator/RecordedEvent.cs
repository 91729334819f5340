using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>An event that was answered 200. <see cref="Dropped"/> names why it never counted; a cancelled one no longer does.</summary>
public sealed record RecordedEvent(
    string Identifier, string EventName, string Customer, Exact Value, long Timestamp, DateTimeOffset Received, string? IdempotencyKey)
{
    public string? Dropped { get; init; }
    public bool Cancelled { get; internal set; }

    /// <summary>The service lost it.</summary>
    public bool Lost { get; internal set; }

    /// <summary>The first final invoice that bills it; none for what came too late.</summary>
    public string? Invoice { get; internal set; }

    public bool Counts => Dropped is null && !Cancelled && !Lost;
    internal SimulatorMeter? Meter { get; init; }

    internal JsonObject ToJson() => new()
    {
        ["identifier"] = Identifier,
        ["event_name"] = EventName,
        ["customer"] = Customer,
        ["value"] = Value.ToString(),
        ["timestamp"] = Timestamp,
        ["received"] = Received.ToUnixTimeMilliseconds(),
        ["status"] = Dropped is not null ? "dropped" : Cancelled ? "cancelled" : Lost ? "lost" : "counted",
        ["invoice"] = Invoice,
    };
}

/// <summary>What the real service would report later, in an error report, by samples only.</summary>
public sealed record AsyncError(
    string Code, string Identifier, string? IdempotencyKey, string EventName, string Customer, DateTimeOffset At);
