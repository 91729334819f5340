namespace Metering.Ledger.Catalog;

/// <summary>
/// Finds a line's price without going through the book: a public price map has hundreds of entries per meter, and every line asks.
/// </summary>
internal sealed class PriceIndex
{
    private readonly Dictionary<string, KeySet[]> meters;

    public PriceIndex(Items<PriceEntry> entries) => meters = entries
        .Select((entry, place) => new Placed(place, entry))
        .GroupBy(placed => placed.Entry.Meter)
        .ToDictionary(meter => meter.Key, meter => KeySetsOf(meter));

    /// <summary>The entry with the most attributes among those that cover the line; the first published of equals.</summary>
    public PriceEntry? Find(string meter, Attributes attributes)
    {
        Placed? best = null;
        foreach (var set in meters.GetValueOrDefault(meter) ?? [])
        {
            if (best is not null && set.Keys.Length < best.Entry.Where.Count) break;
            if (set.Find(attributes) is { } found && (best is null || found.Place < best.Place)) best = found;
        }
        return best?.Entry;
    }

    private static KeySet[] KeySetsOf(IEnumerable<Placed> entries) => entries
        .GroupBy(placed => string.Join('\n', KeysOf(placed.Entry.Where)))
        .Select(same => new KeySet(KeysOf(same.First().Entry.Where), same))
        .OrderByDescending(set => set.Keys.Length)
        .ToArray();

    private static string[] KeysOf(Attributes attributes) => attributes.Pairs.ToArray().Select(pair => pair.Key).ToArray();

    private sealed record Placed(int Place, PriceEntry Entry);

    /// <summary>The entries that ask for the same keys: a line has one value of each, so at most one of these covers it.</summary>
    private sealed class KeySet
    {
        private readonly Dictionary<Attributes, Placed> entries = [];

        public KeySet(string[] keys, IEnumerable<Placed> same)
        {
            Keys = keys;
            foreach (var placed in same) entries.TryAdd(placed.Entry.Where, placed);
        }

        public string[] Keys { get; }

        public Placed? Find(Attributes attributes) => Among(attributes) is { } asked ? entries.GetValueOrDefault(asked) : null;

        // what the line says of these keys; null = nothing of some
        private Attributes? Among(Attributes attributes)
        {
            if (attributes.Count == Keys.Length) return attributes;
            if (Keys.Any(key => attributes[key] is null)) return null;
            return Attributes.Of(Keys.Select(key => KeyValuePair.Create(key, attributes[key]!)));
        }
    }
}
