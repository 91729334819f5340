using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Metering.StripeSimulator;

/// <summary>A request as it was seen, to look at.</summary>
public sealed record SeenRequest(
    string Method, string Path, string? IdempotencyKey, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>One request to the API: its parameters, and what says who asks.</summary>
internal sealed class Call
{
    private readonly Dictionary<string, string> parameters;

    private Call(HttpRequest request, string body, Dictionary<string, string> parameters)
    {
        this.parameters = parameters;
        Method = request.Method;
        Path = request.Path.Value ?? "";
        Body = body;
        Authorization = request.Headers.Authorization.ToString();
        var key = request.Headers["Idempotency-Key"].ToString();
        IdempotencyKey = key.Length == 0 ? null : key;
    }

    internal string Method { get; }
    internal string Path { get; }
    internal string Body { get; }
    internal string Authorization { get; }
    internal string? IdempotencyKey { get; }

    /// <summary>The same call says the same things, whatever their order.</summary>
    internal string Fingerprint =>
        $"{Method} {Path}?" + string.Join('&', parameters.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));

    internal static async Task<Call> ReadAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        return new Call(request, body, Parse(request.Method == "GET" || body.Length == 0 ? request.QueryString.Value ?? "" : body));
    }

    internal SeenRequest ToSeen(HttpRequest request) =>
        new(Method, Path, IdempotencyKey, Body,
            request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));

    internal string? Find(string name) => parameters.GetValueOrDefault(name);

    internal string Require(string name, int longest = 5000)
    {
        var value = Find(name);
        if (string.IsNullOrEmpty(value)) throw Errors.Missing(name);
        return Within(name, value, longest);
    }

    internal string? Optional(string name, int longest = 5000) => Find(name) is { Length: > 0 } value ? Within(name, value, longest) : null;

    internal string OneOf(string name, string value, params string[] known) =>
        known.Contains(value) ? value : throw Errors.Invalid($"Invalid {name}: must be one of {string.Join(", ", known)}", name);

    internal long? Seconds(string name)
    {
        if (Find(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and < 100_000_000_000
            ? seconds
            : throw Errors.Invalid($"Invalid timestamp: {text}: must be an integer Unix timestamp in seconds", name);
    }

    internal bool? Flag(string name) => Optional(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var text => throw Errors.Invalid($"Invalid boolean: {text}", name),
    };

    internal long? Whole(string name, long least, long most)
    {
        if (Optional(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Errors.Invalid($"Invalid integer: {text}", name);
    }

    internal Exact? Number(string name)
    {
        if (Optional(name) is not { } text) return null;
        return Exact.TryParse(text, out var number) ? number : throw Errors.Invalid($"Invalid decimal: {text}", name);
    }

    internal int Limit()
    {
        if (Find("limit") is not { } text) return 10;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100
            ? limit
            : throw Errors.Invalid("Invalid limit: must be between 1 and 100", "limit");
    }

    /// <summary>The map sent as <c>name[key]=value</c>.</summary>
    internal Dictionary<string, string> Map(string name) => parameters
        .Where(p => p.Key.StartsWith(name + "[", StringComparison.Ordinal) && p.Key.EndsWith(']'))
        .ToDictionary(p => p.Key[(name.Length + 1)..^1], p => p.Value, StringComparer.Ordinal);

    /// <summary>The map sent as <c>name[inner][key]=value</c>.</summary>
    internal Dictionary<string, string> Nested(string name, string inner) => Map($"{name}[{inner}]");

    /// <summary>The positions of the list sent as <c>name[0]…</c>, in their order.</summary>
    internal IEnumerable<int> Indexes(string name) => parameters.Keys
        .Where(k => k.StartsWith(name + "[", StringComparison.Ordinal))
        .Select(k => k[(name.Length + 1)..].Split(']')[0])
        .Select(i => int.TryParse(i, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? at
            : throw Errors.Unknown($"{name}[{i}]"))
        .Distinct().Order();

    /// <summary>Only these parameters are known; <c>map[]</c> stands for a map of any keys.</summary>
    internal void Allow(params string[] known)
    {
        foreach (var name in parameters.Keys)
        {
            var open = name.IndexOf('[', StringComparison.Ordinal);
            var map = open < 0 ? name : name[..open] + "[]";
            if (!known.Contains(name) && !(open > 0 && known.Contains(map)) && map != "expand[]") throw Errors.Unknown(name);
        }
    }

    private static string Within(string name, string value, int longest) => value.Length <= longest
        ? value
        : throw Errors.Invalid($"Invalid string: must be at most {longest} characters", name);

    private static Dictionary<string, string> Parse(string text)
    {
        var parsed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(text))
            parsed[pair.DecodeName().ToString()] = pair.DecodeValue().ToString();
        return parsed;
    }
}
