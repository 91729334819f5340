using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>Meters, and what was used of them.</summary>
internal static class MeterEndpoints
{
    internal static JsonObject Create(Call call, SimulatorAccount account)
    {
        call.Allow(
            "display_name", "event_name", "event_time_window", "default_aggregation[]", "customer_mapping[]", "value_settings[]", "expand");
        var window = call.Optional("event_time_window");
        if (window is not null) call.OneOf("event_time_window", window, SimulatorMeter.Windows);
        call.OneOf("customer_mapping[type]", call.Optional("customer_mapping[type]") ?? "by_id", "by_id");
        return account.AddMeter(
            call.Require("event_name", 100), call.Require("display_name", 250),
            call.OneOf("default_aggregation[formula]", call.Require("default_aggregation[formula]"), SimulatorMeter.Formulas), window,
            call.Optional("customer_mapping[event_payload_key]", 100) ?? "stripe_customer_id",
            call.Optional("value_settings[event_payload_key]", 100) ?? "value").ToJson(account.Livemode);
    }

    internal static JsonObject List(Call call, SimulatorAccount account)
    {
        call.Allow("status", "limit", "starting_after", "ending_before", "expand");
        var status = call.Optional("status");
        if (status is not null) call.OneOf("status", status, "active", "inactive");
        var meters = account.Meters.Reverse().Where(m => status is null || m.Active == (status == "active"));
        return Wire.Page(call, meters, m => m.Id, m => m.ToJson(account.Livemode));
    }

    internal static JsonObject Get(Call call, SimulatorAccount account, string id) => Find(account, id).ToJson(account.Livemode);

    internal static JsonObject Update(Call call, SimulatorAccount account, string id)
    {
        call.Allow("display_name", "expand");
        var name = call.Optional("display_name", 250);
        return Changed(account, id, "updated", m => m.DisplayName = name ?? m.DisplayName);
    }

    internal static JsonObject SetActive(Call call, SimulatorAccount account, string id, bool active)
    {
        call.Allow("expand");
        var meter = Find(account, id);
        if (active && !meter.Active && account.ActiveMeter(meter.EventName) is not null)
            throw Errors.Invalid($"There is already an active meter with event name \"{meter.EventName}\".", saved: true);
        return Changed(account, id, active ? "reactivated" : "deactivated", m => m.Active = active);
    }

    internal static JsonObject Summaries(Call call, SimulatorAccount account, string id, Fault? fault)
    {
        call.Allow("customer", "start_time", "end_time", "value_grouping_window", "limit", "starting_after", "ending_before", "expand");
        var meter = Find(account, id);
        var customer = call.Require("customer");
        var window = call.Optional("value_grouping_window");
        if (window is not null) call.OneOf("value_grouping_window", window, SimulatorMeter.Windows);
        var (from, to) = (Aligned(call, "start_time", window), Aligned(call, "end_time", window));
        if (to <= from) throw Errors.Invalid("The end_time must be after the start_time.", "end_time");
        var lag = fault?.Kind == FaultKind.StaleSummary ? TimeSpan.FromMilliseconds(fault.DelayMs) : (TimeSpan?)null;
        var events = account.Visible(meter, customer, from, to, lag);
        var summaries = Grouped(events, window, from, to).Select(g => Summary(account, meter, customer, g));
        return Wire.Page(call, summaries, s => s.Id, s => s.Json);
    }

    private static SimulatorMeter Find(SimulatorAccount account, string id) =>
        account.FindMeter(id) ?? throw Errors.NoSuch("billing meter", id);

    private static JsonObject Changed(SimulatorAccount account, string id, string what, Action<SimulatorMeter> change)
    {
        var meter = Find(account, id);
        account.Change(meter, "billing.meter." + what, change);
        return meter.ToJson(account.Livemode);
    }

    private static long Aligned(Call call, string name, string? window)
    {
        var seconds = call.Seconds(name) ?? throw Errors.Missing(name);
        var unit = window ?? "minute";
        return seconds % Grid.Length(unit) == 0
            ? seconds
            : throw Errors.Invalid($"Invalid {name}: must be aligned with {unit} boundaries in UTC.", name);
    }

    /// <summary>The newest window first; a range or window without events has no summary.</summary>
    private static IEnumerable<(long From, long To, List<RecordedEvent> Events)> Grouped(
        List<RecordedEvent> events, string? window, long from, long to)
    {
        if (window is null) return events.Count == 0 ? [] : [(from, to, events)];
        return events.GroupBy(e => Grid.Floor(e.Timestamp, window)).OrderByDescending(g => g.Key)
            .Select(g => (g.Key, g.Key + Grid.Length(window), g.ToList()));
    }

    private static (string Id, JsonObject Json) Summary(
        SimulatorAccount account, SimulatorMeter meter, string customer, (long From, long To, List<RecordedEvent> Events) part)
    {
        var id = $"mtrusg_{meter.Id[4..]}_{customer}_{part.From}_{part.To}";
        return (id, new JsonObject
        {
            ["id"] = id,
            ["object"] = "billing.meter_event_summary",
            ["aggregated_value"] = Wire.Number(meter.Aggregate(part.Events)),
            ["end_time"] = part.To,
            ["livemode"] = account.Livemode,
            ["meter"] = meter.Id,
            ["start_time"] = part.From,
        });
    }
}
