using System.Text.Json.Serialization;
using Metering.Ledger.Stored;

namespace Metering.Ledger;

/// <summary>
/// What a usage line is of, beside its meter: <c>model</c> and the like. At most 16 keys of 1–64 characters, each once, values of at
/// most 128 characters; kept in key order, so that equal attributes are equal values.
/// </summary>
[JsonConverter(typeof(AttributesConverter))]
public sealed class Attributes : IEquatable<Attributes>
{
    public const int Most = 16;
    public const int KeyLength = 64;
    public const int ValueLength = 128;

    public static readonly Attributes None = new([]);

    private readonly KeyValuePair<string, string>[] pairs;

    private Attributes(KeyValuePair<string, string>[] sorted) => pairs = sorted;

    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static Attributes Of(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var sorted = pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        for (var i = 1; i < sorted.Length; i++)
            if (sorted[i].Key == sorted[i - 1].Key) throw new ArgumentException($"attribute {sorted[i].Key} occurs twice");
        return sorted.Length == 0 ? None : new(sorted);
    }

    /// <summary>Of pairs that are in the order of their keys already; none if they are not, or a key occurs twice.</summary>
    internal static Attributes? InOrder(KeyValuePair<string, string>[] pairs)
    {
        for (var i = 1; i < pairs.Length; i++)
            if (string.CompareOrdinal(pairs[i - 1].Key, pairs[i].Key) >= 0) return null;
        return new(pairs);
    }

    public int Count => pairs.Length;
    public ReadOnlySpan<KeyValuePair<string, string>> Pairs => pairs;

    public string? this[string key]
    {
        get
        {
            foreach (var pair in pairs)
                if (pair.Key == key) return pair.Value;
            return null;
        }
    }

    /// <summary>True if every pair of <paramref name="wanted"/> is here.</summary>
    public bool Have(Attributes wanted)
    {
        foreach (var pair in wanted.pairs)
            if (this[pair.Key] != pair.Value) return false;
        return true;
    }

    public bool Equals(Attributes? other) => other is not null && (ReferenceEquals(this, other) || pairs.AsSpan().SequenceEqual(other.pairs));
    public override bool Equals(object? obj) => Equals(obj as Attributes);
    public override int GetHashCode() => pairs.Aggregate(pairs.Length, (hash, pair) => HashCode.Combine(hash, pair.Key, pair.Value));
    public override string ToString() => string.Join(",", pairs.Select(pair => $"{pair.Key}={pair.Value}"));
}
