using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>
/// What was taken and then dropped, reported later: the errors of ten seconds of a meter together, counted in full, named by samples only.
/// </summary>
internal sealed class ErrorReports(SimulatorAccount account, SimulatorOptions options)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(string? Meter, DateTimeOffset Start), List<AsyncError>> open = [];

    internal void Add(AsyncError error, SimulatorMeter? meter)
    {
        var start = new DateTimeOffset(error.At.UtcTicks - (error.At.UtcTicks % Window.Ticks), TimeSpan.Zero);
        var key = (error.Code == "no_meter" ? null : meter?.Id, start);
        if (!open.TryGetValue(key, out var errors))
        {
            open[key] = errors = [];
            account.Agenda.Add(start + Window, at => Send(key, at));
        }

        errors.Add(error);
    }

    private void Send((string? Meter, DateTimeOffset Start) key, DateTimeOffset at)
    {
        if (!open.Remove(key, out var errors)) return;
        var data = new JsonObject
        {
            ["developer_message_summary"] = $"{errors.Count} meter events were not counted.",
            ["reason"] = new JsonObject
            {
                ["error_count"] = errors.Count,
                ["error_types"] = new JsonArray([.. errors.GroupBy(e => e.Code).Select(g => (JsonNode)OfType(g.Key, [.. g]))]),
            },
            ["validation_end"] = EventLog.Rfc3339(key.Start + Window),
            ["validation_start"] = EventLog.Rfc3339(key.Start),
        };
        if (key.Meter is null) account.Log.TellThin("v1.billing.meter.no_meter_found", data, null, at);
        else account.Log.TellThin("v1.billing.meter.error_report_triggered", data, Related(key.Meter), at);
    }

    private JsonObject OfType(string code, List<AsyncError> errors) => new()
    {
        ["code"] = code,
        ["error_count"] = errors.Count,
        ["sample_errors"] = new JsonArray([.. errors.Take(options.ErrorSamples).Select(e => (JsonNode)Sample(e))]),
    };

    private JsonObject Sample(AsyncError error) => new()
    {
        ["error_message"] = Message(error),
        ["request"] = new JsonObject
        {
            ["identifier"] = options.SamplesNameEvents ? error.Identifier : error.IdempotencyKey ?? error.Identifier,
        },
    };

    private static JsonObject Related(string meter) => new()
    {
        ["id"] = meter,
        ["type"] = "billing.meter",
        ["url"] = "/v1/billing/meters/" + meter,
    };

    private static string Message(AsyncError error) => error.Code switch
    {
        "archived_meter" => $"The meter with event name \"{error.EventName}\" is archived.",
        "meter_event_customer_not_found" => $"The customer \"{error.Customer}\" of the event was not found.",
        "no_meter" => $"No meter found for event name \"{error.EventName}\".",
        _ => $"The event was not counted: {error.Code}.",
    };
}
