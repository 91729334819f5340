using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stripe.Wire;

internal static class Json
{
    internal static readonly JsonSerializerOptions Options = Make(indented: false);
    internal static readonly JsonSerializerOptions Indented = Make(indented: true);

    private static JsonSerializerOptions Make(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = indented,
        Converters = { new UnixSecondsJson() },
    };
}

/// <summary>Times travel as seconds since 1970, and are UTC on this side.</summary>
internal sealed class UnixSecondsJson : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetDateTime().ToUniversalTime() : UnixSeconds.ToTime(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(UnixSeconds.From(value));
}

internal static class UnixSeconds
{
    internal static readonly DateTime Epoch = DateTime.UnixEpoch;

    internal static long From(DateTime time) => new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeSeconds();

    internal static DateTime ToTime(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
}

/// <summary>A list is an object on the wire; left alone, the serializer would take it for an array, as it can be enumerated.</summary>
internal sealed class ListJson : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(StripeList<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert.GetGenericArguments()));

    private sealed record Shape<T>(string Object, List<T> Data, bool HasMore, string Url);

    private sealed class Of<T> : JsonConverter<StripeList<T>>
    {
        public override StripeList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var shape = JsonSerializer.Deserialize<Shape<T>>(ref reader, options);
            return new StripeList<T> { Object = shape.Object, Data = shape.Data ?? [], HasMore = shape.HasMore, Url = shape.Url };
        }

        public override void Write(Utf8JsonWriter writer, StripeList<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, new Shape<T>(value.Object, value.Data, value.HasMore, value.Url), options);
    }
}
