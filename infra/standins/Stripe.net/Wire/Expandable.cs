using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stripe.Wire;

/// <summary>A reference to another object: its id, or the whole of it where the caller asked for that.</summary>
[JsonConverter(typeof(ExpandableJson))]
internal sealed record Expandable<T>(string Id, T Object)
    where T : class, IHasId;

internal static class Expandable
{
    internal static Expandable<T> OfId<T>(string id, Expandable<T> before)
        where T : class, IHasId => id is null ? null : before?.Id == id ? before : new Expandable<T>(id, null);

    internal static Expandable<T> Of<T>(T value)
        where T : class, IHasId => value is null ? null : new Expandable<T>(value.Id, value);
}

internal sealed class ExpandableJson : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Expandable<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert.GetGenericArguments()));

    private sealed class Of<T> : JsonConverter<Expandable<T>>
        where T : class, IHasId
    {
        public override Expandable<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new Expandable<T>(reader.GetString(), null)
                : Expandable.Of(JsonSerializer.Deserialize<T>(ref reader, options));

        public override void Write(Utf8JsonWriter writer, Expandable<T> value, JsonSerializerOptions options)
        {
            if (value.Object is null) writer.WriteStringValue(value.Id);
            else JsonSerializer.Serialize(writer, value.Object, options);
        }
    }
}
