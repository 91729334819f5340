namespace Marten;

/// <summary>Reads documents.</summary>
public interface IQuerySession : IDisposable, IAsyncDisposable
{
    /// <summary>The document with this id; null if there is none.</summary>
    Task<T?> LoadAsync<T>(string id, CancellationToken token = default) where T : notnull;

    /// <summary>Those of the documents with these ids that there are, in no particular order.</summary>
    Task<IReadOnlyList<T>> LoadManyAsync<T>(CancellationToken token, params string[] ids) where T : notnull;

    /// <summary>
    /// Documents by SQL: what comes after <c>select d.id, d.data from TABLE as d</c>, beginning with <c>where</c> or <c>order</c>; each <c>?</c> is
    /// the next parameter. SQL that begins with <c>select</c> is taken as it is: its first column is the answer, as JSON or as a plain value.
    /// </summary>
    Task<IReadOnlyList<T>> QueryAsync<T>(string sql, CancellationToken token, params object[] parameters);
}

/// <summary>Gathers changes.</summary>
public interface IDocumentOperations : IQuerySession
{
    /// <summary>Inserts or replaces.</summary>
    void Store<T>(params T[] entities) where T : notnull;

    /// <summary>Inserts or replaces documents of any types.</summary>
    void StoreObjects(IEnumerable<object> documents);

    void Delete<T>(string id) where T : notnull;

    /// <summary>A statement among the changes, in their order; each <c>?</c> is the next parameter.</summary>
    void QueueSqlCommand(string sql, params object[] parameterValues);
}

/// <summary>A unit of work.</summary>
public interface IDocumentSession : IDocumentOperations
{
    /// <summary>Sends all changes in one transaction: its own, committed, or that of the caller, who commits it.</summary>
    Task SaveChangesAsync(CancellationToken token = default);
}
