using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

internal static class Wire
{
    internal static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static readonly JsonSerializerOptions Readable = new(Json) { WriteIndented = true };

    /// <summary>An exact number as a JSON number: through text, as a double would round it.</summary>
    internal static JsonNode Number(Exact value) => JsonNode.Parse(value.ToString())!;

    internal static JsonObject Map(IEnumerable<KeyValuePair<string, string>> pairs) =>
        new(pairs.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));

    /// <summary>One page of what is given in the order of the API, the newest first; only what is on it is written.</summary>
    internal static JsonObject Page<T>(Call call, IEnumerable<T> newestFirst, Func<T, string> id, Func<T, JsonObject> json)
    {
        var all = newestFirst.ToList();
        var from = call.Find("starting_after") is { } after ? Position(after, "starting_after") + 1 : 0;
        var to = call.Find("ending_before") is { } before ? Position(before, "ending_before") : all.Count;
        var limit = call.Limit();
        var more = to - from > limit;
        if (call.Find("ending_before") is not null) from = Math.Max(from, to - limit);
        var page = all.Skip(from).Take(Math.Min(limit, to - from)).Select(i => (JsonNode)json(i));
        return new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. page]), ["has_more"] = more, ["url"] = call.Path };

        int Position(string at, string param) =>
            all.FindIndex(i => id(i) == at) is >= 0 and var found
                ? found
                : throw Errors.Invalid($"No such object: '{at}'", param, "resource_missing");
    }
}
