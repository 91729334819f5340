using Metering.Kernel.Streams;

namespace Metering.Kernel.ReadModels;

/// <summary>
/// The documents of one named read model and how far they have followed the streams. Small on purpose: what is not offered here is not a query of
/// this product. It starts over as another generation (<see cref="IGenerations"/>). One inherited contract suite (tests/Kernel.Tests/ReadModels)
/// runs on every adapter.
/// </summary>
/// <remarks>Documents are values: neither who stores one nor who loads one changes it afterwards.</remarks>
public interface IReadModel
{
    /// <summary>Its name, document types and indexes.</summary>
    ReadModelSchema Schema { get; }

    /// <summary>How far the documents have followed the streams; <see cref="Position.Start"/> before the first <see cref="Apply"/>.</summary>
    Task<Position> Checkpoint(CancellationToken cancellation);

    /// <summary>The documents of type <typeparamref name="T"/> with these ids, by id; those that there are.</summary>
    Task<IReadOnlyDictionary<string, T>> Load<T>(IReadOnlyCollection<string> ids, CancellationToken cancellation) where T : class, IDocument;

    /// <summary>The documents in an index, in the order of their keys, then ids, both ordinal; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<T>> Range<T>(DocumentIndex<T> index, KeyRange range, int limit, CancellationToken cancellation) where T : class, IDocument;

    /// <summary>
    /// Stores <paramref name="documents"/> (whole, each in place of the one with its id) and moves the checkpoint from <paramref name="after"/> to
    /// <paramref name="upto"/>, both or neither. False, and nothing is changed, unless the checkpoint is exactly <paramref name="after"/> and
    /// <paramref name="upto"/> is beyond it: what was folded onto other documents than the present ones never lands. Nor does anything once another
    /// generation has taken its place.
    /// </summary>
    Task<bool> Apply(IReadOnlyCollection<IDocument> documents, Position after, Position upto, CancellationToken cancellation);
}

/// <summary>What a read model stores: a plain, JSON-serializable class. Its type and id are its key.</summary>
public interface IDocument
{
    /// <summary>Unique among the documents of its type in one read model.</summary>
    string Id { get; }
}

/// <summary>Which keys of an index.</summary>
/// <param name="From">Included; none = from the first.</param>
/// <param name="Below">Excluded; none = to the last.</param>
/// <param name="After">The place of the last document of the page before: what follows it.</param>
public sealed record KeyRange(string? From = null, string? Below = null, Place? After = null)
{
    /// <summary>Every key.</summary>
    public static readonly KeyRange All = new();

    /// <summary>Every key that starts with <paramref name="prefix"/>, which ends in an ASCII character.</summary>
    public static KeyRange Prefix(string prefix) => new(prefix, prefix[..^1] + (char)(prefix[^1] + 1));
}

/// <summary>Where a document stands in an index: by key, then by id.</summary>
public readonly record struct Place(string Key, string Id) : IComparable<Place>
{
    public int CompareTo(Place other) =>
        string.CompareOrdinal(Key, other.Key) is var order and not 0 ? order : string.CompareOrdinal(Id, other.Id);
}
