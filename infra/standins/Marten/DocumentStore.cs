using System.Data;
using Marten.Internal;
using Marten.Services;

namespace Marten;

/// <summary>Documents in one schema of a PostgreSQL database. Tables are created when they are first used.</summary>
public class DocumentStore(StoreOptions options) : IDocumentStore
{
    private readonly Tables _tables = new(options);

    /// <exception cref="InvalidOperationException">The options name no database.</exception>
    public static DocumentStore For(Action<StoreOptions> configure)
    {
        var options = new StoreOptions();
        configure(options);
        return new DocumentStore(options);
    }

    public IMartenStorage Storage => _tables;

    public IDocumentSession LightweightSession(SessionOptions options) => new Session(_tables, options);

    public IDocumentSession LightweightSession(IsolationLevel isolationLevel = IsolationLevel.ReadCommitted) =>
        new Session(_tables, new SessionOptions { IsolationLevel = isolationLevel });

    public IQuerySession QuerySession() => new Session(_tables, new SessionOptions());

    public IQuerySession QuerySession(SessionOptions options) => new Session(_tables, options);

    public virtual void Dispose() => _tables.Dispose();

    public virtual ValueTask DisposeAsync() => _tables.DisposeAsync();
}
