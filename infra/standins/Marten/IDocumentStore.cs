using System.Data;
using Marten.Services;
using Marten.Storage;

namespace Marten;

/// <summary>Opens sessions.</summary>
public interface IDocumentStore : IDisposable, IAsyncDisposable
{
    /// <summary>The database behind.</summary>
    IMartenStorage Storage { get; }

    /// <summary>A unit of work, on a connection or in a transaction of the caller's.</summary>
    IDocumentSession LightweightSession(SessionOptions options);

    /// <summary>A unit of work in a transaction of its own.</summary>
    IDocumentSession LightweightSession(IsolationLevel isolationLevel = IsolationLevel.ReadCommitted);

    /// <summary>Reads only.</summary>
    IQuerySession QuerySession();

    /// <inheritdoc cref="QuerySession()"/>
    IQuerySession QuerySession(SessionOptions options);
}

/// <summary>The database behind a store.</summary>
public interface IMartenStorage
{
    IMartenDatabase Database { get; }
}
