using System.Text;
using System.Text.Json;
using Metering.Ledger.Catalog;

namespace Metering.Ledger.Pricing;

/// <summary>
/// The public price map format that LiteLLM reads: a JSON object of models, each with prices in USD per token. Every price is taken from
/// the digits of the file, so it is exact. What a price book cannot say is left out and listed, never guessed.
/// </summary>
/// <param name="Entries">One per model and meter, with the attribute <c>model</c>; cost and price are the map's.</param>
/// <param name="LeftOut">What was not imported, in the order of the file.</param>
public sealed record PriceMap(Items<PriceEntry> Entries, Items<LeftOut> LeftOut)
{
    public const string Currency = "USD";
    public const string ModelAttribute = "model";

    /// <summary>An entry of the public file that explains its fields and is no model.</summary>
    private const string Explanation = "sample_spec";

    // as other readers do not agree on which of two same names counts, a file that has some is refused
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="FormatException">It is not a JSON object of models; the message says where.</exception>
    public static PriceMap Read(ReadOnlyMemory<byte> json, PriceMapOptions? options = null)
    {
        using var document = Parsed(() => JsonDocument.Parse(WithoutMark(json), Strict));
        return Of(document.RootElement, options ?? new());
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="FormatException">It is not a JSON object of models; the message says where.</exception>
    public static PriceMap Read(Stream json, PriceMapOptions? options = null)
    {
        using var all = new MemoryStream();
        json.CopyTo(all);
        return Read(all.ToArray(), options);
    }

    private static PriceMap Of(JsonElement root, PriceMapOptions options)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new FormatException($"expected a JSON object of models, not {Words(root)}");
        var (entries, leftOut) = (new List<PriceEntry>(), new List<LeftOut>());
        foreach (var model in root.EnumerateObject())
        {
            var read = ModelPrices.Read(model.Name, model.Value, options);
            entries.AddRange(read.Entries);
            leftOut.AddRange(read.LeftOut);
        }
        return new(entries.ToItems(), leftOut.ToItems());
    }

    internal static string? NoModel(string name, JsonElement value) => name switch
    {
        Explanation => "it explains the fields and is no model",
        "" => "expected the name of a model",
        { Length: > Attributes.ValueLength } => $"expected a name of at most {Attributes.ValueLength} characters",
        _ => value.ValueKind == JsonValueKind.Object ? null : $"expected an object, not {Words(value)}",
    };

    internal static string Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> json) =>
        json.Span.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;

    private static JsonDocument Parsed(Func<JsonDocument> parse)
    {
        try
        {
            return parse();
        }
        catch (JsonException wrong)
        {
            throw new FormatException($"it is not a JSON object of models: {wrong.Message}", wrong);
        }
    }
}

/// <summary>Something of the map that is not in the price book.</summary>
/// <param name="Field">Empty where it is about the whole model.</param>
public sealed record LeftOut(string Model, string Field, string Reason);

/// <summary>Which fields of a map become prices of which meters.</summary>
public sealed record PriceMapOptions
{
    public static readonly Items<PricedField> Usual =
    [
        new("input_cost_per_token", "llm.input_tokens", true),
        new("output_cost_per_token", "llm.output_tokens", true),
        new("cache_read_input_token_cost", "llm.cached_input_tokens"),
        new("cache_creation_input_token_cost", "llm.cache_write_tokens"),
    ];

    public Items<PricedField> Fields { get; init; } = Usual;

    /// <summary>Imports models whose every price is 0. In public maps that often means "unknown", and then gives usage away.</summary>
    public bool Free { get; init; }
}

/// <summary>A field with a price per token, and the meter of those tokens.</summary>
/// <param name="Expected">Its absence is listed: without it, usage of this meter by the model is denied as unpriced.</param>
public sealed record PricedField(string Field, string Meter, bool Expected = false);
