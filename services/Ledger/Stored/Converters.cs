using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Metering.Ledger.Accounts;

namespace Metering.Ledger.Stored;

/// <summary>
/// <see cref="Items{T}"/> as a JSON array without nulls. A source-generated context must list every item type itself: behind a converter the
/// generator does not find it.
/// </summary>
public sealed class ItemsConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Items<>);

    public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(ItemsConverter<>).MakeGenericType(type.GetGenericArguments()), options)!;
}

/// <summary>A list of <typeparamref name="T"/> as a JSON array.</summary>
public sealed class ItemsConverter<T>(JsonSerializerOptions options) : JsonConverter<Items<T>>
{
    // looked up on first use, not here: an item may itself hold a list of its own kind
    private readonly Lazy<JsonTypeInfo<T>> item = new(() => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));

    public override Items<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException($"expected an array, found {reader.TokenType}");
        var values = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(JsonSerializer.Deserialize(ref reader, item.Value) ?? throw new JsonException("null in a list"));
        return values.Count == 0 ? Items<T>.Empty : new([.. values]);
    }

    public override void Write(Utf8JsonWriter writer, Items<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var one in value) JsonSerializer.Serialize(writer, one, item.Value);
        writer.WriteEndArray();
    }
}

/// <summary><see cref="Attributes"/> as a JSON object with sorted keys: equal attributes are equal bytes.</summary>
public sealed class AttributesConverter : JsonConverter<Attributes>
{
    // so that a null comes here and is refused
    public override bool HandleNull => true;

    public override Attributes Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException($"expected an object, found {reader.TokenType}");
        var pairs = new List<KeyValuePair<string, string>>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject) pairs.Add(ReadPair(ref reader));
        return Attributes.Of(pairs);
    }

    private static KeyValuePair<string, string> ReadPair(ref Utf8JsonReader reader)
    {
        var key = reader.GetString()!;
        reader.Read();
        return new(key, reader.GetString() ?? throw new JsonException($"attribute {key} is null"));
    }

    public override void Write(Utf8JsonWriter writer, Attributes value, JsonSerializerOptions options)
    {
        if (value is null) throw new JsonException("attributes are never null");
        writer.WriteStartObject();
        foreach (var (key, text) in value.Pairs) writer.WriteString(key, text);
        writer.WriteEndObject();
    }
}

/// <summary>A text that is, mostly, one of <see cref="KnownTexts"/>.</summary>
public sealed class KnownTextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Text(reader);

    /// <summary>The text that a reader is at.</summary>
    internal static string? Text(in Utf8JsonReader reader) =>
        reader is { TokenType: JsonTokenType.String, HasValueSequence: false, ValueIsEscaped: false } && Ascii.IsValid(reader.ValueSpan)
            ? KnownTexts.Of(reader.ValueSpan)
            : reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>A hash as 32 hexadecimal digits: 64-bit numbers are not safe in every JSON reader.</summary>
public sealed class ContentHashConverter : JsonConverter<ContentHash>
{
    public override ContentHash Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        UInt128.TryParse(reader.GetString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash)
            ? new((ulong)(hash >> 64), (ulong)hash)
            : throw new JsonException("expected 32 hexadecimal digits");

    public override void Write(Utf8JsonWriter writer, ContentHash value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{value.High:x16}{value.Low:x16}"));
}

/// <summary>An enum as its name in snake case; numbers are not read.</summary>
public sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) where T : struct, Enum;
