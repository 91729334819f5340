using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Webhooks;

/// <summary>The stored form of what Stripe told: fixtures in contracts/fixtures/stripe freeze it, a change of shape is a new version.</summary>
public static class StoredFacts
{
    private static readonly Dictionary<Type, (string Name, JsonTypeInfo Json)> ByType = new()
    {
        [typeof(EventHeard)] = ("event_heard.v1", StripeJson.Default.EventHeard),
        [typeof(CustomerLinked)] = ("customer_linked.v1", StripeJson.Default.CustomerLinked),
        [typeof(StepPlanned)] = ("step_planned.v1", StripeJson.Default.StepPlanned),
        [typeof(StepRepeated)] = ("step_repeated.v1", StripeJson.Default.StepRepeated),
        [typeof(StepSettled)] = ("step_settled.v1", StripeJson.Default.StepSettled),
        [typeof(ErrorsHeard)] = ("errors_heard.v1", StripeJson.Default.ErrorsHeard),
        [typeof(ErrorsTaken)] = ("errors_taken.v1", StripeJson.Default.ErrorsTaken),
    };

    private static readonly Dictionary<string, JsonTypeInfo> ByName =
        ByType.Values.ToDictionary(stored => stored.Name, stored => stored.Json);

    /// <summary>The stored names, one per type of fact.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The stored name and data of a fact.</summary>
    public static (string Type, ReadOnlyMemory<byte> Data) Encode(StripeFact happened)
    {
        var (name, json) = ByType[happened.GetType()];
        return (name, JsonSerializer.SerializeToUtf8Bytes(happened, json));
    }

    /// <exception cref="InvalidOperationException">The type is unknown: a reader stops rather than skip a fact.</exception>
    /// <exception cref="JsonException">The data is not of that type.</exception>
    public static StripeFact Decode(string type, ReadOnlySpan<byte> data)
    {
        if (!ByName.TryGetValue(type, out var json)) throw new InvalidOperationException($"unknown type of what Stripe told: {type}");
        return (StripeFact?)JsonSerializer.Deserialize(data, json) ?? throw new JsonException($"{type} is null");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(SnakeCaseEnum<StepKind>), typeof(SnakeCaseEnum<InvoiceStanding>)])]
[JsonSerializable(typeof(EventHeard))]
[JsonSerializable(typeof(CustomerLinked))]
[JsonSerializable(typeof(StepPlanned))]
[JsonSerializable(typeof(StepRepeated))]
[JsonSerializable(typeof(StepSettled))]
[JsonSerializable(typeof(ErrorsHeard))]
[JsonSerializable(typeof(ErrorsTaken))]
internal sealed partial class StripeJson : JsonSerializerContext;
