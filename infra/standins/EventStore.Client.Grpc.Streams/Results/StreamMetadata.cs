using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventStore.Client;

/// <summary>Who may do what with a stream: names of roles or users.</summary>
public class StreamAcl(string[]? readRoles = null, string[]? writeRoles = null, string[]? deleteRoles = null,
    string[]? metaReadRoles = null, string[]? metaWriteRoles = null)
{
    public string[]? ReadRoles { get; } = readRoles;
    public string[]? WriteRoles { get; } = writeRoles;
    public string[]? DeleteRoles { get; } = deleteRoles;
    public string[]? MetaReadRoles { get; } = metaReadRoles;
    public string[]? MetaWriteRoles { get; } = metaWriteRoles;
}

/// <summary>How long a stream keeps its events, and who may use it.</summary>
public readonly struct StreamMetadata
{
    public int? MaxCount { get; }
    public TimeSpan? MaxAge { get; }
    public StreamPosition? TruncateBefore { get; }
    public TimeSpan? CacheControl { get; }
    public StreamAcl? Acl { get; }
    public JsonDocument? CustomMetadata { get; }

    /// <exception cref="ArgumentOutOfRangeException">A count or a time that is not above zero.</exception>
    public StreamMetadata(int? maxCount = null, TimeSpan? maxAge = null, StreamPosition? truncateBefore = null,
        TimeSpan? cacheControl = null, StreamAcl? acl = null, JsonDocument? customMetadata = null)
    {
        if (maxCount <= 0) throw new ArgumentOutOfRangeException(nameof(maxCount));
        if (maxAge <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(maxAge));
        if (cacheControl <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(cacheControl));
        (MaxCount, MaxAge, TruncateBefore, CacheControl) = (maxCount, maxAge, truncateBefore, cacheControl);
        (Acl, CustomMetadata) = (acl, customMetadata ?? JsonDocument.Parse("{}"));
    }

    internal byte[] ToJson()
    {
        var json = CustomMetadata is null ? [] : JsonObject.Create(CustomMetadata.RootElement)!;
        if (MaxCount is { } count) json["$maxCount"] = count;
        if (MaxAge is { } age) json["$maxAge"] = (long)age.TotalSeconds;
        if (TruncateBefore is { } before) json["$tb"] = before == StreamPosition.End ? long.MaxValue : before.ToInt64();
        if (CacheControl is { } cache) json["$cacheControl"] = (long)cache.TotalSeconds;
        if (Acl is not null) json["$acl"] = Json(Acl);
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    internal static StreamMetadata FromJson(ReadOnlyMemory<byte> text)
    {
        var json = JsonNode.Parse(text.Span)!.AsObject();
        var (count, before, acl) = ((int?)json["$maxCount"], (long?)json["$tb"], json["$acl"] as JsonObject);
        var (age, cache) = (Seconds(json["$maxAge"]), Seconds(json["$cacheControl"]));
        foreach (var known in new[] { "$maxCount", "$maxAge", "$tb", "$cacheControl", "$acl" }) json.Remove(known);
        StreamPosition? position = before is null
            ? null : before == long.MaxValue ? StreamPosition.End : StreamPosition.FromInt64(before.Value);
        return new StreamMetadata(count, age, position, cache, acl is null ? null : FromJson(acl), JsonDocument.Parse(json.ToJsonString()));
    }

    private static TimeSpan? Seconds(JsonNode? json) => (long?)json is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static JsonObject Json(StreamAcl acl)
    {
        var json = new JsonObject();
        void Add(string name, string[]? roles)
        {
            if (roles is { Length: > 0 }) json[name] = roles.Length == 1 ? roles[0] : new JsonArray([.. roles]);
        }
        Add("$r", acl.ReadRoles);
        Add("$w", acl.WriteRoles);
        Add("$d", acl.DeleteRoles);
        Add("$mr", acl.MetaReadRoles);
        Add("$mw", acl.MetaWriteRoles);
        return json;
    }

    private static StreamAcl FromJson(JsonObject json)
    {
        string[]? Roles(string name) => json[name] switch
        {
            null => null,
            JsonArray several => [.. several.Select(role => (string)role!)],
            var one => [(string)one!],
        };
        return new StreamAcl(Roles("$r"), Roles("$w"), Roles("$d"), Roles("$mr"), Roles("$mw"));
    }
}

/// <summary>A stream's metadata and the revision it was found at.</summary>
public struct StreamMetadataResult
{
    public readonly string StreamName;
    public readonly StreamPosition? MetastreamRevision;
    public readonly StreamMetadata Metadata;

    private StreamMetadataResult(string streamName, StreamPosition? revision, StreamMetadata metadata) =>
        (StreamName, MetastreamRevision, Metadata) = (streamName, revision, metadata);

    public static StreamMetadataResult None(string streamName) => new(streamName, null, default);

    public static StreamMetadataResult Create(string streamName, StreamPosition revision, StreamMetadata metadata) =>
        new(streamName, revision, metadata);
}
