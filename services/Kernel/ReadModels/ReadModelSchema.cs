using System.Linq.Expressions;
using Marten;
using Metering.Kernel.ReadModels.Postgres;

namespace Metering.Kernel.ReadModels;

/// <summary>A read model's name, the types of its documents and the indexes over each: what an adapter needs to make its tables.</summary>
public sealed class ReadModelSchema(string name)
{
    private readonly List<DocumentKind> _kinds = [];

    public string Name { get; } = name;

    public IReadOnlyList<DocumentKind> Kinds => _kinds;

    /// <summary>Adds a document type.</summary>
    public ReadModelSchema With<T>(params DocumentIndex<T>[] indexes) where T : class, IDocument
    {
        _kinds.Add(new DocumentKind<T>(indexes));
        return this;
    }

    /// <exception cref="ArgumentException">The read model has no documents of that type.</exception>
    internal DocumentKind KindOf(Type type) => _kinds.Find(kind => kind.Type == type)
        ?? throw new ArgumentException($"the read model {Name} has no documents of type {type.Name}");
}

/// <summary>A type of document.</summary>
public abstract class DocumentKind(Type type)
{
    public Type Type { get; } = type;

    internal abstract MemoryTable NewTable();

    /// <summary>Tells Marten of the type.</summary>
    internal abstract void AddTo(MartenRegistry registry);

    /// <summary>The statements that create its indexes in a schema of a database.</summary>
    internal abstract IEnumerable<string> CreateIndexes(string databaseSchema);

    /// <summary>True if an index is one of its own.</summary>
    internal abstract bool Has(object index);
}

/// <summary>A type of document and its indexes.</summary>
public sealed class DocumentKind<T>(IReadOnlyList<DocumentIndex<T>> indexes) : DocumentKind(typeof(T)) where T : class, IDocument
{
    public IReadOnlyList<DocumentIndex<T>> Indexes { get; } = indexes;

    internal override MemoryTable NewTable() => new MemoryTable<T>(Indexes);

    internal override void AddTo(MartenRegistry registry)
    {
        var mapping = registry.For<T>().DocumentAlias(IndexSql.AliasOf(Type));
        // its own are none that Marten can make, and it drops what it does not know
        foreach (var index in Indexes)
            mapping.IgnoreIndex(IndexSql.NameOf(index));
    }

    internal override IEnumerable<string> CreateIndexes(string databaseSchema) =>
        Indexes.Select(index => IndexSql.Create(index, databaseSchema));

    internal override bool Has(object index) => Indexes.Contains(index);
}

/// <summary>
/// An order over the documents of a type, by a property of theirs. A document whose property is null is not in it. It is known by reference: keep
/// it in a static field.
/// </summary>
public sealed class DocumentIndex<T>(Expression<Func<T, string?>> property) where T : class, IDocument
{
    private readonly Func<T, string?> _key = property.Compile();

    /// <summary>A property of the document, so that a database can index what it stores.</summary>
    public Expression<Func<T, string?>> Property { get; } = property;

    /// <summary>Where a document stands; none if it is not in the index.</summary>
    public Place? PlaceOf(T document) => _key(document) is { } key ? new Place(key, document.Id) : null;
}
