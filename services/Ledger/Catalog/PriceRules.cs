using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Catalog;

/// <summary>What a price book must be to be published. Each rule names the field as a request writes it.</summary>
public static class PriceRules
{
    public const int EntriesMost = 10_000;

    /// <summary>The first problem of a book; null = it may be published.</summary>
    public static Refused? Problem(PriceBook book, CatalogState catalog, DateTimeOffset earliest) =>
        (OfHead(book, earliest) ?? OfEntries(book.Entries, catalog)) is var (field, message) ? new(RefusalKind.Invalid, field, message) : null;

    private static (string Field, string Message)? OfHead(PriceBook book, DateTimeOffset earliest) => book switch
    {
        _ when book.EffectiveFrom < earliest =>
            ("effective_from", $"{earliest:O} or later: every instance must know it first, and books follow each other"),
        _ when !Currencies.IsCurrency(book.Currency) => ("currency", "an ISO 4217 code: three capitals"),
        { MarkupPpm: < 0 } => ("markup_ppm", "0 or more"),
        { Entries.Count: 0 or > EntriesMost } => ("entries", $"1–{EntriesMost}"),
        _ => null,
    };

    private static (string, string)? OfEntries(Items<PriceEntry> entries, CatalogState catalog)
    {
        var seen = new HashSet<(string, Attributes)>();
        for (var i = 0; i < entries.Count; i++)
        {
            if (OfEntry(entries[i], catalog) is var (field, message)) return ($"entries[{i}].{field}", message);
            if (!seen.Add((entries[i].Meter, entries[i].Where))) return ($"entries[{i}]", "each meter and attributes once");
        }
        return null;
    }

    private static (string, string)? OfEntry(PriceEntry entry, CatalogState catalog)
    {
        if (catalog.Meter(entry.Meter) is null) return ("meter", $"a declared meter; {entry.Meter} is not");
        if (AttributeRules.Problem(entry.Where) is { } problem) return ("attributes", problem);
        return OfPrice("cost", entry.Cost) ?? OfPrice("price", entry.Price);
    }

    private static (string, string)? OfPrice(string field, Price price)
    {
        if (price.Nanos < 0) return ($"{field}.nanos", "0 or more");
        return price.Per < 1 ? ($"{field}.per", "1 or more") : null;
    }
}
