using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json;

namespace Stripe.Wire;

/// <summary>Options as a form: snake-case names, nested values in square brackets, unset properties left out.</summary>
internal static class Form
{
    internal static string Encode(BaseOptions options) =>
        options is null ? "" : string.Join('&', OfObject(options, null).Select(p => $"{Escape(p.Key)}={Escape(p.Value)}"));

    private static IEnumerable<KeyValuePair<string, string>> OfObject(INestedOptions options, string prefix)
    {
        foreach (var property in options.GetType().GetRuntimeProperties())
        {
            if (property.Name == nameof(BaseOptions.ExtraParams) || property.GetValue(options) is not { } value) continue;
            foreach (var pair in Of(Nest(prefix, JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)), value)) yield return pair;
        }

        if (options is not BaseOptions { ExtraParams: { } extra }) yield break;
        foreach (var pair in extra.SelectMany(e => Of(Nest(prefix, e.Key), e.Value))) yield return pair;
    }

    private static IEnumerable<KeyValuePair<string, string>> Of(string key, object value) => value switch
    {
        INestedOptions options => OfObject(options, key),
        IDictionary map => map.Keys.Cast<object>().SelectMany(k => Of(Nest(key, Text(k)), map[k])),
        string text => [new(key, text)],
        IEnumerable items => items.Cast<object>().SelectMany((item, i) => Of(Nest(key, Text(i)), item)),
        _ => [new(key, Text(value))],
    };

    private static string Nest(string prefix, string name) => prefix is null ? name : $"{prefix}[{name}]";

    private static string Text(object value) => value switch
    {
        null => "",
        bool yes => yes ? "true" : "false",
        DateTime time => Text(UnixSeconds.From(time)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    /// <summary>Square brackets stay readable: the service takes them either way, and so does the genuine package send them.</summary>
    private static string Escape(string text) =>
        WebUtility.UrlEncode(text).Replace("%5B", "[", StringComparison.Ordinal).Replace("%5D", "]", StringComparison.Ordinal);
}
