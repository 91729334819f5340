using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Metering.BillingSync.Reports;

/// <summary>
/// The stored form of billing events. The names and the JSON are what streams hold: golden fixtures in contracts/fixtures/billing freeze
/// them, a change of shape is a new version beside the old one.
/// </summary>
public static class BillingEvents
{
    private static readonly Dictionary<Type, StoredType> ByType = new()
    {
        [typeof(TotalsTaken)] = new("totals_taken.v1", BillingJson.Default.TotalsTaken),
        [typeof(ReportPlanned)] = new("report_planned.v1", BillingJson.Default.ReportPlanned),
        [typeof(ReportLinked)] = new("report_linked.v1", BillingJson.Default.ReportLinked),
        [typeof(ReportSent)] = new("report_sent.v1", BillingJson.Default.ReportSent),
        [typeof(ReportAccepted)] = new("report_accepted.v1", BillingJson.Default.ReportAccepted),
        [typeof(ReportRejected)] = new("report_rejected.v1", BillingJson.Default.ReportRejected),
        [typeof(ReportTurnedAway)] = new("report_turned_away.v1", BillingJson.Default.ReportTurnedAway),
        [typeof(ReportDoubted)] = new("report_doubted.v1", BillingJson.Default.ReportDoubted),
        [typeof(ReportMissedWindow)] = new("report_missed_window.v1", BillingJson.Default.ReportMissedWindow),
        [typeof(ReportMissing)] = new("report_missing.v1", BillingJson.Default.ReportMissing),
        [typeof(ReportConfirmed)] = new("report_confirmed.v1", BillingJson.Default.ReportConfirmed),
        [typeof(CarriedForward)] = new("carried_forward.v1", BillingJson.Default.CarriedForward),
    };

    private static readonly Dictionary<string, StoredType> ByName = ByType.Values.ToDictionary(stored => stored.Name);

    /// <summary>The stored names, one per event type.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The stored name and data of an event.</summary>
    public static (string Type, ReadOnlyMemory<byte> Data) Encode(BillingEvent happened)
    {
        var stored = ByType[happened.GetType()];
        return (stored.Name, JsonSerializer.SerializeToUtf8Bytes(happened, stored.Json));
    }

    /// <exception cref="InvalidOperationException">The type is unknown: a reader stops rather than skip a fact.</exception>
    /// <exception cref="JsonException">The data is not of that type.</exception>
    public static BillingEvent Decode(string type, ReadOnlySpan<byte> data)
    {
        if (!ByName.TryGetValue(type, out var stored)) throw new InvalidOperationException($"unknown billing event type {type}");
        return (BillingEvent?)JsonSerializer.Deserialize(data, stored.Json) ?? throw new JsonException($"{type} is null");
    }

    private sealed record StoredType(string Name, JsonTypeInfo Json);
}

/// <summary>An enum as its name in snake case; numbers are not read.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) where T : struct, Enum;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(SnakeCaseEnum<PlanReason>), typeof(SnakeCaseEnum<AttemptEnd>), typeof(SnakeCaseEnum<CarryReason>)])]
[JsonSerializable(typeof(TotalsTaken))]
[JsonSerializable(typeof(ReportPlanned))]
[JsonSerializable(typeof(ReportLinked))]
[JsonSerializable(typeof(ReportSent))]
[JsonSerializable(typeof(ReportAccepted))]
[JsonSerializable(typeof(ReportRejected))]
[JsonSerializable(typeof(ReportTurnedAway))]
[JsonSerializable(typeof(ReportDoubted))]
[JsonSerializable(typeof(ReportMissedWindow))]
[JsonSerializable(typeof(ReportMissing))]
[JsonSerializable(typeof(ReportConfirmed))]
[JsonSerializable(typeof(CarriedForward))]
internal sealed partial class BillingJson : JsonSerializerContext;
