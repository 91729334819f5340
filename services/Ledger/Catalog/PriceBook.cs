using System.Runtime.CompilerServices;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Catalog;

/// <summary>
/// Prices in force from <paramref name="EffectiveFrom"/> until the next book's. Never backdated; takes effect at least 5 s after
/// publication (rule 16).
/// </summary>
/// <param name="Version">1, 2, 3 … in order of publication.</param>
/// <param name="MarkupPpm">Applied to every price: parts per million, 1,000,000 = × 1.</param>
public sealed record PriceBook(int Version, DateTimeOffset EffectiveFrom, string Currency, long MarkupPpm, Items<PriceEntry> Entries)
{
    // beside the record, which it must not make unequal to another of the same content
    private static readonly ConditionalWeakTable<PriceBook, PriceIndex> Indexes = [];

    /// <summary>The entry with the most attributes among those that cover the line; the first published of equals.</summary>
    public PriceEntry? Find(string meter, Attributes attributes) =>
        Indexes.GetValue(this, book => new PriceIndex(book.Entries)).Find(meter, attributes);
}

/// <summary>What a meter's units cost us and what we charge, for lines with these attributes.</summary>
public sealed record PriceEntry(string Meter, Attributes Where, Price Cost, Price Price);
