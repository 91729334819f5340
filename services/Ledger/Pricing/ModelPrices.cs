using System.Text.Json;
using System.Text.RegularExpressions;
using Metering.Ledger.Catalog;

namespace Metering.Ledger.Pricing;

/// <summary>What one model of a price map comes to.</summary>
internal sealed partial class ModelPrices(string model, PriceMapOptions options)
{
    private readonly List<PriceEntry> entries = [];
    private readonly List<LeftOut> leftOut = [];

    public static (IReadOnlyList<PriceEntry> Entries, IReadOnlyList<LeftOut> LeftOut) Read(
        string model, JsonElement value, PriceMapOptions options)
    {
        if (PriceMap.NoModel(model, value) is { } reason) return ([], [new(model, "", reason)]);
        var prices = new ModelPrices(model, options);
        prices.Take(value);
        return (prices.entries, prices.leftOut);
    }

    private void Take(JsonElement value)
    {
        foreach (var field in options.Fields) Take(field, value.TryGetProperty(field.Field, out var price) ? price : default);
        foreach (var field in value.EnumerateObject())
            if (options.Fields.All(known => known.Field != field.Name) && NotPriced(field) is { } reason) Leave(field.Name, reason);
        if (options.Free || entries.Count == 0 || entries.Any(entry => entry.Price.Nanos > 0)) return;
        entries.Clear();
        Leave("", "every price is 0: unknown or free, not imported unless asked for");
    }

    private void Take(PricedField field, JsonElement price)
    {
        if (price.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            if (field.Expected) Leave(field.Field, "missing: its usage is denied as unpriced");
            return;
        }
        try
        {
            var exact = Decimals.ParsePrice(TextOf(price));
            entries.Add(new(field.Meter, Attributes.Of([new(PriceMap.ModelAttribute, model)]), exact, exact));
        }
        catch (FormatException wrong)
        {
            Leave(field.Field, wrong.Message);
        }
    }

    // the digits themselves: a binary float would already have lost some. Some maps quote them
    private static string TextOf(JsonElement price) => price.ValueKind switch
    {
        JsonValueKind.Number => price.GetRawText(),
        JsonValueKind.String => price.GetString()!,
        _ => throw new FormatException($"expected a number, not {PriceMap.Words(price)}"),
    };

    private void Leave(string field, string reason) => leftOut.Add(new(model, field, reason));

    /// <summary>Why a field that speaks of money is none that we import; null = it does not speak of money.</summary>
    private static string? NotPriced(JsonProperty field) => field.Name switch
    {
        _ when field.Value.ValueKind == JsonValueKind.Null || !Money().IsMatch(field.Name) => null,
        var name when Tier().IsMatch(name) => "a price that depends on size or time: only the base price is imported",
        var name when ServiceTier().IsMatch(name) => "a price of another service tier",
        var name when PerTokens().IsMatch(name) => "a price of tokens that no meter is given for",
        var name when Per().Match(name) is { Success: true } per =>
            $"a price per {per.Groups["unit"].Value.Replace('_', ' ')}, not per token",
        _ => "not a price per token",
    };

    [GeneratedRegex("cost|pricing")]
    private static partial Regex Money();

    [GeneratedRegex("_above_|tiered|_tiers")]
    private static partial Regex Tier();

    [GeneratedRegex(@"_(batches|priority|flex)\z")]
    private static partial Regex ServiceTier();

    [GeneratedRegex(@"\A(?!.*(1k_|dbu)).*(_per_([a-z]+_)?token|_token_cost)")]
    private static partial Regex PerTokens();

    [GeneratedRegex(@"_per_(?<unit>[a-z0-9_]+)\z")]
    private static partial Regex Per();
}
