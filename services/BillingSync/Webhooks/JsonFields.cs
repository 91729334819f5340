using System.Text.Json;

namespace Metering.BillingSync.Webhooks;

/// <summary>Fields of Stripe's JSON, where null is as good as absent. What is of another kind than expected is no event.</summary>
internal static class JsonFields
{
    /// <exception cref="FormatException">There is none.</exception>
    public static JsonElement Need(this JsonElement of, string name) => of.Find(name) ?? throw new FormatException($"there is no {name}");

    public static JsonElement? Find(this JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null
            ? found
            : null;

    /// <summary>A text; of an object that may stand there instead of its id, that field.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static string Text(this JsonElement of, string name, string? expanded = null) =>
        of.TextOrNone(name, expanded) is { Length: > 0 } text ? text : throw new FormatException($"there is no {name}");

    public static string? TextOrNone(this JsonElement of, string name, string? expanded = null) => of.Find(name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } whole when expanded is not null => whole.TextOrNone(expanded),
        _ => null,
    };

    /// <summary>A whole number; 0 if there is none.</summary>
    public static long Number(this JsonElement of, string name) =>
        of.Find(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0;

    /// <summary>The elements of a list; none if there is no list.</summary>
    public static JsonElement[] List(this JsonElement? of) =>
        of is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];
}
