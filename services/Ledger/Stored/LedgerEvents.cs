using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Stored;

/// <summary>An event's data as its next version has it, with that version's stored name.</summary>
public delegate (string Type, JsonObject Data) Upcast(JsonObject data);

/// <summary>
/// The stored form of ledger events. The names and the JSON are what streams hold: golden fixtures in contracts/fixtures freeze them, a change of
/// shape is a new version beside the old one.
/// </summary>
public static class LedgerEvents
{
    private static readonly JsonSerializerOptions Options = new(LedgerJson.Default.Options)
    {
        TypeInfoResolver = LedgerJson.Default.WithAddedModifier(LetNullsBeLeftOut),
    };

    private static readonly Dictionary<Type, StoredType> ByType = new()
    {
        [typeof(PlanAssigned)] = new("plan_assigned.v1", Json(typeof(PlanAssigned))),
        [typeof(PlanEnded)] = new("plan_ended.v1", Json(typeof(PlanEnded))),
        [typeof(LimitsCustomized)] = new("limits_customized.v1", Json(typeof(LimitsCustomized))),
        [typeof(CreditGranted)] = new("credit_granted.v1", Json(typeof(CreditGranted))),
        [typeof(CreditExpired)] = new("credit_expired.v1", Json(typeof(CreditExpired))),
        [typeof(CreditRevoked)] = new("credit_revoked.v1", LedgerJson.Default.CreditRevoked),
        [typeof(Suspended)] = new("suspended.v1", LedgerJson.Default.Suspended),
        [typeof(Resumed)] = new("resumed.v1", LedgerJson.Default.Resumed),
        [typeof(ThresholdReached)] = new("threshold_reached.v1", LedgerJson.Default.ThresholdReached),
        [typeof(Reserved)] = new("reserved.v1", Json(typeof(Reserved))),
        [typeof(Committed)] = new("committed.v1", Json(typeof(Committed))),
        [typeof(Released)] = new("released.v1", Json(typeof(Released))),
        [typeof(Refunded)] = new("refunded.v1", Json(typeof(Refunded))),
        [typeof(HoldExtended)] = new("hold_extended.v1", Json(typeof(HoldExtended))),
        [typeof(UsageTracked)] = new("usage_tracked.v1", Json(typeof(UsageTracked))),
        [typeof(PeriodEnded)] = new("period_ended.v1", Json(typeof(PeriodEnded))),
        [typeof(PeriodClosed)] = new("period_closed.v1", Json(typeof(PeriodClosed))),
    };

    /// <summary>Older shapes by their stored names. None yet: a change of shape adds its old name here and the new one above.</summary>
    private static readonly Dictionary<string, Upcast> Older = [];

    private static readonly Dictionary<string, StoredType> ByName = ByType.Values.ToDictionary(stored => stored.Name);

    /// <summary>The stored names, one per event type.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The stored name and data of an event.</summary>
    public static (string Type, ReadOnlyMemory<byte> Data) Encode(LedgerEvent happened)
    {
        var stored = ByType[happened.GetType()];
        return (stored.Name, FrequentEventsWriting.TryWrite(happened) ?? BySerializer(happened));
    }

    internal static byte[] BySerializer(LedgerEvent happened) =>
        JsonSerializer.SerializeToUtf8Bytes(happened, ByType[happened.GetType()].Json);

    /// <exception cref="InvalidOperationException">The type is unknown: a reader stops rather than skip a fact.</exception>
    /// <exception cref="JsonException">The data is not of that type.</exception>
    public static LedgerEvent Decode(string type, ReadOnlySpan<byte> data) => Decode(type, data, Older);

    /// <summary>Reads an event of an older shape, too: from version to version up to the current one.</summary>
    /// <param name="older">How each older name is read as the next version.</param>
    public static LedgerEvent Decode(string type, ReadOnlySpan<byte> data, IReadOnlyDictionary<string, Upcast> older)
    {
        if (older.TryGetValue(type, out var upcast))
        {
            var (next, changed) = upcast(JsonNode.Parse(data)?.AsObject() ?? throw new JsonException($"{type} is null"));
            return Decode(next, JsonSerializer.SerializeToUtf8Bytes(changed, LedgerJson.Default.JsonObject), older);
        }
        if (FrequentEvents.TryRead(type, data) is { } read) return read;
        if (!ByName.TryGetValue(type, out var stored)) throw new InvalidOperationException($"unknown ledger event type {type}");
        return (LedgerEvent?)JsonSerializer.Deserialize(data, stored.Json) ?? throw new JsonException($"{type} is null");
    }

    private static JsonTypeInfo Json(Type type) => Options.GetTypeInfo(type);

    /// <summary>What is null is not written, so that it may be absent is part of the shape; all else is required.</summary>
    private static void LetNullsBeLeftOut(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (property.AssociatedParameter is { IsNullable: true }) property.IsRequired = false;
    }

    private sealed record StoredType(string Name, JsonTypeInfo Json);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [
        typeof(ContentHashConverter), typeof(SnakeCaseEnum<WindowLength>), typeof(SnakeCaseEnum<Anchor>), typeof(SnakeCaseEnum<GroupKind>),
        typeof(SnakeCaseEnum<TierMode>), typeof(SnakeCaseEnum<Reports>), typeof(SnakeCaseEnum<PlanChange>), typeof(SnakeCaseEnum<Bucket>),
        typeof(SnakeCaseEnum<ReleaseReason>)])]
[JsonSerializable(typeof(PlanAssigned))]
[JsonSerializable(typeof(PlanEnded))]
[JsonSerializable(typeof(LimitsCustomized))]
[JsonSerializable(typeof(CreditGranted))]
[JsonSerializable(typeof(CreditExpired))]
[JsonSerializable(typeof(CreditRevoked))]
[JsonSerializable(typeof(Suspended))]
[JsonSerializable(typeof(Resumed))]
[JsonSerializable(typeof(ThresholdReached))]
[JsonSerializable(typeof(Reserved))]
[JsonSerializable(typeof(Committed))]
[JsonSerializable(typeof(Released))]
[JsonSerializable(typeof(Refunded))]
[JsonSerializable(typeof(HoldExtended))]
[JsonSerializable(typeof(UsageTracked))]
[JsonSerializable(typeof(PeriodEnded))]
[JsonSerializable(typeof(PeriodClosed))]
[JsonSerializable(typeof(LimitGroup))]
[JsonSerializable(typeof(Match))]
[JsonSerializable(typeof(Tier))]
[JsonSerializable(typeof(CustomLimit))]
[JsonSerializable(typeof(UsedLine))]
[JsonSerializable(typeof(RatedAmount))]
[JsonSerializable(typeof(Draw))]
[JsonSerializable(typeof(Part))]
[JsonSerializable(typeof(RefundLine))]
[JsonSerializable(typeof(GroupTotal))]
[JsonSerializable(typeof(MeterTotal))]
[JsonSerializable(typeof(ChargeBack))]
[JsonSerializable(typeof(WindowOverage))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class LedgerJson : JsonSerializerContext;
