using System.Linq.Expressions;

namespace Metering.Kernel.ReadModels.Postgres;

/// <summary>
/// A document index in PostgreSQL: the property as text, then the id, both in the order of their bytes (<c>COLLATE "C"</c>), whatever the
/// database's own order is. For text without characters beyond U+FFFF that is .NET's ordinal order.
/// </summary>
internal static class IndexSql
{
    private const string Id = """d.id collate "C" """;

    /// <summary>The name of the property whose text is the key.</summary>
    /// <exception cref="ArgumentException">The key is not just a property of the document.</exception>
    public static string PropertyOf<T>(DocumentIndex<T> index) where T : class, IDocument =>
        index.Property.Body is MemberExpression { Expression: ParameterExpression } property
            ? property.Member.Name
            : throw new ArgumentException($"an index of {typeof(T).Name} is not by a property of it: {index.Property}");

    /// <summary>A table's name, as Marten makes it from the alias.</summary>
    public static string TableOf(Type type) => $"mt_doc_{AliasOf(type)}";

    public static string AliasOf(Type type) => type.Name.ToLowerInvariant();

    public static string NameOf<T>(DocumentIndex<T> index) where T : class, IDocument =>
        $"{TableOf(typeof(T))}_by_{PropertyOf(index).ToLowerInvariant()}";

    public static string Create<T>(DocumentIndex<T> index, string schema) where T : class, IDocument => $"""
        create index if not exists {NameOf(index)}
        on {schema}.{TableOf(typeof(T))} ((data ->> '{PropertyOf(index)}') collate "C", id collate "C")
        """;

    /// <summary>The condition of a range, from <c>where</c> on, with a question mark for each parameter.</summary>
    public static (string Where, object[] Parameters) Where<T>(DocumentIndex<T> index, KeyRange range) where T : class, IDocument
    {
        var (conditions, parameters, key) = (new List<string> { $"{Key(index)} is not null" }, new List<object>(), Key(index));
        void Add(string condition, params object[] values)
        {
            conditions.Add(condition);
            parameters.AddRange(values);
        }
        if (range.From is { } from) Add($"{key} >= ?", from);
        if (range.Below is { } below) Add($"{key} < ?", below);
        if (range.After is { } after) Add($"({key}, {Id}) > (?, ?)", after.Key, after.Id);
        return ($"where {string.Join(" and ", conditions)}", [.. parameters]);
    }

    public static string Order<T>(DocumentIndex<T> index) where T : class, IDocument => $"order by {Key(index)}, {Id}";

    private static string Key<T>(DocumentIndex<T> index) where T : class, IDocument => $"""(d.data ->> '{PropertyOf(index)}') collate "C" """;
}
