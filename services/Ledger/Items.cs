using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Metering.Ledger.Stored;

namespace Metering.Ledger;

/// <summary>A short list that is equal to another with equal items, so that events that hold one compare by value.</summary>
[CollectionBuilder(typeof(Items), nameof(Items.Of))]
[JsonConverter(typeof(ItemsConverterFactory))]
public sealed class Items<T>(T[] values) : IReadOnlyList<T>, IEquatable<Items<T>>
{
    public static readonly Items<T> Empty = new([]);

    public int Count => values.Length;
    public T this[int index] => values[index];
    public ReadOnlySpan<T> Span => values;

    /// <summary>The list with one more at its end; this one stays as it is.</summary>
    public Items<T> With(T item) => new([.. values, item]);

    public ReadOnlySpan<T>.Enumerator GetEnumerator() => Span.GetEnumerator();
    IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)values).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => values.GetEnumerator();

    public bool Equals(Items<T>? other) => other is not null && values.AsSpan().SequenceEqual(other.Span);
    public override bool Equals(object? obj) => Equals(obj as Items<T>);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in values) hash.Add(value);
        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", values)}]";
}

/// <summary>Makes <see cref="Items{T}"/>.</summary>
public static class Items
{
    public static Items<T> Of<T>(ReadOnlySpan<T> values) => values.IsEmpty ? Items<T>.Empty : new(values.ToArray());
    public static Items<T> ToItems<T>(this IEnumerable<T> values) => Of<T>(values.ToArray());
}
