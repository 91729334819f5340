namespace Marten.Storage;

/// <summary>One database and the tables in it.</summary>
public interface IMartenDatabase : IDisposable, IAsyncDisposable
{
    /// <summary>Creates the table of a document type unless it is there.</summary>
    ValueTask EnsureStorageExistsAsync(Type featureType, CancellationToken token = default);
}
