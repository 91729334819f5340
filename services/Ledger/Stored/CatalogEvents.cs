using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Stored;

/// <summary>The catalog's events as stored. The names are for ever; a changed shape gets the next version's name.</summary>
public static class CatalogEvents
{
    private static StoredCatalog Json => StoredCatalog.Default;

    public static (string Type, byte[] Data) Encode(CatalogEvent @event) => @event switch
    {
        MeterDeclared declared => ("meter_declared.v1", JsonSerializer.SerializeToUtf8Bytes(declared, Json.MeterDeclared)),
        PlanPublished published => ("plan_published.v1", JsonSerializer.SerializeToUtf8Bytes(published, Json.PlanPublished)),
        PlanRetired retired => ("plan_retired.v1", JsonSerializer.SerializeToUtf8Bytes(retired, Json.PlanRetired)),
        PriceBookPublished published => ("price_book_published.v1", JsonSerializer.SerializeToUtf8Bytes(published, Json.PriceBookPublished)),
        _ => throw new InvalidOperationException($"no stored name for {@event.GetType().Name}"),
    };

    /// <exception cref="InvalidOperationException">The type is unknown: the reader stops (it is older than the writer, or the stream is another).</exception>
    /// <exception cref="JsonException">The data is not of that type.</exception>
    public static CatalogEvent Decode(string type, ReadOnlySpan<byte> data) => type switch
    {
        "meter_declared.v1" => JsonSerializer.Deserialize(data, Json.MeterDeclared)!,
        "plan_published.v1" => JsonSerializer.Deserialize(data, Json.PlanPublished)!,
        "plan_retired.v1" => JsonSerializer.Deserialize(data, Json.PlanRetired)!,
        "price_book_published.v1" => JsonSerializer.Deserialize(data, Json.PriceBookPublished)!,
        _ => throw new InvalidOperationException($"unknown catalog event {type}"),
    };
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
        typeof(SnakeCaseEnum<TierMode>), typeof(SnakeCaseEnum<Reports>)])]
[JsonSerializable(typeof(MeterDeclared))]
[JsonSerializable(typeof(PlanPublished))]
[JsonSerializable(typeof(PlanRetired))]
[JsonSerializable(typeof(PriceBookPublished))]
[JsonSerializable(typeof(LimitGroup))]
[JsonSerializable(typeof(Match))]
[JsonSerializable(typeof(Tier))]
[JsonSerializable(typeof(PriceEntry))]
internal sealed partial class StoredCatalog : JsonSerializerContext;
