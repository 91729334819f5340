using Metering.Kernel.Streams;

namespace Metering.Kernel.ReadModels;

/// <summary>One generation of a read model in memory.</summary>
public sealed class MemoryReadModel : IReadModel
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Type, MemoryTable> _tables;
    private Position _checkpoint = Position.Start;
    private bool _retired;

    public MemoryReadModel(ReadModelSchema schema)
    {
        Schema = schema;
        _tables = schema.Kinds.ToDictionary(kind => kind.Type, kind => kind.NewTable());
    }

    public ReadModelSchema Schema { get; }

    public Task<Position> Checkpoint(CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_checkpoint);
    }

    public Task<IReadOnlyDictionary<string, T>> Load<T>(IReadOnlyCollection<string> ids, CancellationToken cancellation)
        where T : class, IDocument
    {
        lock (_gate)
            return Task.FromResult(Table<T>().Load(ids));
    }

    public Task<IReadOnlyList<T>> Range<T>(DocumentIndex<T> index, KeyRange range, int limit, CancellationToken cancellation)
        where T : class, IDocument
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        lock (_gate)
            return Task.FromResult(Table<T>().Range(index, range, limit));
    }

    public Task<bool> Apply(IReadOnlyCollection<IDocument> documents, Position after, Position upto, CancellationToken cancellation)
    {
        // found before anything is stored: an unknown type stores nothing
        var stores = documents.Select(document => (Table: TableOf(document.GetType()), document)).ToArray();
        lock (_gate)
        {
            if (_retired || _checkpoint != after || upto <= after)
                return Task.FromResult(false);
            foreach (var (table, document) in stores)
                table.Store(document);
            _checkpoint = upto;
            return Task.FromResult(true);
        }
    }

    /// <summary>Takes nothing in from now on. False, and nothing is changed, if it has come further than <paramref name="upto"/>.</summary>
    internal bool Retire(Position upto)
    {
        lock (_gate)
            return _retired = _checkpoint <= upto;
    }

    private MemoryTable<T> Table<T>() where T : class, IDocument => (MemoryTable<T>)TableOf(typeof(T));

    private MemoryTable TableOf(Type type) => _tables[Schema.KindOf(type).Type];
}

/// <summary>The documents of one type.</summary>
internal abstract class MemoryTable
{
    public abstract void Store(IDocument document);
}

/// <summary>The documents of one type and their order in each index.</summary>
internal sealed class MemoryTable<T>(IReadOnlyList<DocumentIndex<T>> indexes) : MemoryTable where T : class, IDocument
{
    private readonly Dictionary<string, T> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<DocumentIndex<T>, SortedSet<Place>> _places = indexes.ToDictionary(index => index, _ => new SortedSet<Place>());

    public IReadOnlyDictionary<string, T> Load(IReadOnlyCollection<string> ids)
    {
        var found = new Dictionary<string, T>(ids.Count, StringComparer.Ordinal);
        foreach (var id in ids)
            if (_documents.TryGetValue(id, out var document))
                found[id] = document;
        return found;
    }

    public IReadOnlyList<T> Range(DocumentIndex<T> index, KeyRange range, int limit)
    {
        if (!_places.TryGetValue(index, out var places))
            throw new ArgumentException($"{typeof(T).Name} has no such index");
        var from = new Place(range.From ?? "", "");
        if (range.After is { } after && after.CompareTo(from) > 0)
            from = after;
        if (places.Count == 0 || from.CompareTo(places.Max) > 0)
            return [];
        return [.. places.GetViewBetween(from, places.Max)
            .SkipWhile(place => place == range.After)
            .TakeWhile(place => range.Below is null || string.CompareOrdinal(place.Key, range.Below) < 0)
            .Take(limit)
            .Select(place => _documents[place.Id])];
    }

    public override void Store(IDocument document)
    {
        var now = (T)document;
        var before = _documents.GetValueOrDefault(now.Id);
        _documents[now.Id] = now;
        foreach (var (index, places) in _places)
            Move(places, before is null ? null : index.PlaceOf(before), index.PlaceOf(now));
    }

    private static void Move(SortedSet<Place> places, Place? from, Place? to)
    {
        if (from == to)
            return;
        if (from is { } old)
            places.Remove(old);
        if (to is { } place)
            places.Add(place);
    }
}
