using System.Text.Json;
using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe;

/// <summary>What a webhook tells: an object as it was when the event happened.</summary>
public class Event : StripeEntity<Event>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public string Account { get; set; }
    public string ApiVersion { get; set; }
    public string Context { get; set; }
    public DateTime Created { get; set; } = UnixSeconds.Epoch;
    public EventData Data { get; set; }
    public bool Livemode { get; set; }
    public long PendingWebhooks { get; set; }
    public string Type { get; set; }

    // Public in the genuine package; internal here because the published listing has no line for its type.
    [JsonInclude]
    internal EventRequest Request { get; set; }
}

public class EventData : StripeEntity<EventData>
{
    /// <summary>Typed by its <c>object</c>; null where that is not known.</summary>
    [JsonConverter(typeof(TypedObjectJson))]
    public IHasObject Object { get; set; }
}

internal sealed class EventRequest : StripeEntity<EventRequest>, IHasId
{
    public string Id { get; set; }
    public string IdempotencyKey { get; set; }
}

internal sealed class TypedObjectJson : JsonConverter<IHasObject>
{
    private static readonly Dictionary<string, Type> Known = new(StringComparer.Ordinal)
    {
        ["billing.meter"] = typeof(Billing.Meter),
        ["checkout.session"] = typeof(Checkout.Session),
        ["customer"] = typeof(Customer),
        ["invoice"] = typeof(Invoice),
        ["subscription"] = typeof(Subscription),
    };

    public override IHasObject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var element = JsonElement.ParseValue(ref reader);
        var isNamed = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("object", out _);
        return isNamed && Known.TryGetValue(element.GetProperty("object").GetString(), out var type)
            ? (IHasObject)element.Deserialize(type, options)
            : null;
    }

    public override void Write(Utf8JsonWriter writer, IHasObject value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, value.GetType(), options);
}
