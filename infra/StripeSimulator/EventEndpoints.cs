using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>Reporting usage, and taking it back.</summary>
internal sealed class EventEndpoints(SimulatorOptions options, Faults faults)
{
    private const int MaxDigits = 15;
    private const int MaxName = 100;
    private static readonly TimeSpan Reach = TimeSpan.FromDays(35);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    internal async Task<JsonObject> CreateAsync(Call call, SimulatorAccount account, Fault? fault)
    {
        call.Allow("event_name", "identifier", "timestamp", "payload[]", "expand");
        var given = Read(call, account);
        // Held from here to the end of the execution, and let go of before the answer leaves:
        // who waits for its answer never meets itself.
        using var lease = account.Leases.Take(given.EventName, given.Customer);
        await PauseAsync(fault);
        // Its arrival is the moment that it is recorded, however long that took.
        var rejected = fault?.Kind == FaultKind.RejectLater ? fault.Code : null;
        var lost = fault?.Kind == FaultKind.Vanish;
        var recorded = account.Record(given with { Received = options.Time.GetUtcNow(), Dropped = rejected, Lost = lost });
        return ToJson(recorded, call, account);
    }

    internal Task<JsonObject> AdjustAsync(Call call, SimulatorAccount account, Fault? fault)
    {
        call.Allow("event_name", "type", "cancel[]", "expand");
        var eventName = call.Require("event_name", MaxName);
        call.OneOf("type", call.Require("type"), "cancel");
        var identifier = call.Require("cancel[identifier]", MaxName);
        account.Cancel(eventName, identifier);
        return Task.FromResult(new JsonObject
        {
            ["object"] = "billing.meter_event_adjustment",
            ["cancel"] = new JsonObject { ["identifier"] = identifier },
            ["event_name"] = eventName,
            ["livemode"] = account.Livemode,
            ["status"] = "complete",
            ["type"] = "cancel",
        });
    }

    private RecordedEvent Read(Call call, SimulatorAccount account)
    {
        var eventName = call.Require("event_name", MaxName);
        var identifier = call.Optional("identifier", MaxName) ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
        var payload = call.Map("payload");
        if (payload.Count == 0) throw Errors.Missing("payload");
        var timestamp = Within(call.Seconds("timestamp"));
        var meter = account.ActiveMeter(eventName);
        if (meter is null && !options.UnknownMeterIsAsync)
            throw Errors.Invalid($"No active meter found for event name \"{eventName}\"", "event_name", saved: true);
        var customer = Entry(payload, meter?.CustomerKey ?? "stripe_customer_id");
        if (options.UnknownCustomerIsSync && !options.AnyCustomer && account.FindCustomer(customer) is null)
            throw Errors.Invalid($"No such customer: '{customer}'", "payload", "resource_missing", saved: true);
        var value = Value(payload, meter);
        return new RecordedEvent(identifier, eventName, customer, value, timestamp, default, call.IdempotencyKey) { Meter = meter };
    }

    private long Within(long? given)
    {
        var now = options.Time.GetUtcNow();
        if (given is not { } timestamp) return now.ToUnixTimeSeconds();
        var (earliest, latest) = ((now - Reach).ToUnixTimeSeconds(), (now + Ahead).ToUnixTimeSeconds());
        if (timestamp < earliest) throw Outside("more than 35 days in past", $"greater than or equal to {Text(earliest)}");
        if (timestamp > latest) throw Outside("more than 5 minutes in the future", $"less than or equal to {Text(latest)}");
        return timestamp;
    }

    private static Refusal Outside(string where, string expected) =>
        Errors.Invalid($"The event timestamp cannot be {where}. Expected a timestamp {expected}.", "timestamp");

    private static Exact Value(Dictionary<string, string> payload, SimulatorMeter? meter)
    {
        if (meter?.Formula == "count") return new Exact(1, 0);
        var text = Entry(payload, meter?.ValueKey ?? "value");
        if (!Exact.TryParse(text, out var value))
            throw Errors.Invalid($"The value in the event payload must be a plain decimal number. Received `{text}`.", "payload");
        if (Exact.SignificantDigits(text) > MaxDigits)
            throw Errors.Invalid($"The value in the event payload can have at most {MaxDigits} digits. Received `{text}`.", "payload");
        return value;
    }

    private static string Entry(Dictionary<string, string> payload, string key)
    {
        if (!payload.TryGetValue(key, out var value) || value.Length == 0)
            throw Errors.Invalid($"The event payload has no `{key}`.", $"payload[{key}]");
        return value.Length <= MaxName
            ? value
            : throw Errors.Invalid($"Invalid string: must be at most {MaxName} characters", $"payload[{key}]");
    }

    private async Task PauseAsync(Fault? fault)
    {
        if (fault?.Kind == FaultKind.Hold) await faults.WaitAsync();
        if (fault?.Kind == FaultKind.Slow) await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMs), options.Time);
    }

    private static JsonObject ToJson(RecordedEvent e, Call call, SimulatorAccount account) => new()
    {
        ["object"] = "billing.meter_event",
        ["created"] = e.Received.ToUnixTimeSeconds(),
        ["event_name"] = e.EventName,
        ["identifier"] = e.Identifier,
        ["livemode"] = account.Livemode,
        ["payload"] = Wire.Map(call.Map("payload")),
        ["timestamp"] = e.Timestamp,
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
