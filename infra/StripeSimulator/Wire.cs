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

    /// <summary>One page of what is given in the order of the API, the newest first.</summary>
    internal static JsonObject Page(Call call, IEnumerable<(string Id, JsonObject Json)> newestFirst)
    {
        var all = newestFirst.ToList();
        var (from, to) = (After(call, all), Before(call, all));
        var limit = call.Limit();
        var more = to - from > limit;
        if (call.Find("ending_before") is not null) from = Math.Max(from, to - limit);
        var page = all.Skip(from).Take(Math.Min(limit, to - from)).Select(i => (JsonNode)i.Json);
        return new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. page]), ["has_more"] = more, ["url"] = call.Path };
    }

    private static int After(Call call, List<(string Id, JsonObject Json)> all) =>
        call.Find("starting_after") is { } id ? Position(all, id, "starting_after") + 1 : 0;

    private static int Before(Call call, List<(string Id, JsonObject Json)> all) =>
        call.Find("ending_before") is { } id ? Position(all, id, "ending_before") : all.Count;

    private static int Position(List<(string Id, JsonObject Json)> all, string id, string param) =>
        all.FindIndex(i => i.Id == id) is >= 0 and var at ? at : throw Errors.Invalid($"No such object: '{id}'", param, "resource_missing");
}
