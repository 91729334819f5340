using Marten;
using Marten.Services;
using Metering.Kernel.Streams;
using Npgsql;

namespace Metering.Kernel.ReadModels.Postgres;

/// <summary>One generation of a read model in PostgreSQL: documents by Marten in a schema of their own, indexed by what queries ask.</summary>
internal sealed class MartenReadModel : IReadModel, IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly GenerationsTable _generations;
    private readonly int _number;
    private readonly string _databaseSchema;
    private readonly DocumentStore _documents;
    private readonly SemaphoreSlim _creating = new(1);
    private bool _created;

    public MartenReadModel(ReadModelSchema schema, int number, NpgsqlDataSource database, GenerationsTable generations)
    {
        (Schema, _number, _database, _generations) = (schema, number, database, generations);
        _databaseSchema = GenerationsTable.SchemaOf(schema.Name, number);
        _documents = DocumentStore.For(options =>
        {
            options.Connection(database);
            options.DatabaseSchemaName = _databaseSchema;
            foreach (var kind in schema.Kinds)
                kind.AddTo(options.Schema);
        });
    }

    public ReadModelSchema Schema { get; }

    public async Task<Position> Checkpoint(CancellationToken cancellation) =>
        await _generations.PositionOf(_number, cancellation) ??
        throw new InvalidOperationException($"generation {_number} of the read model {Schema.Name} is gone");

    public async Task<IReadOnlyDictionary<string, T>> Load<T>(IReadOnlyCollection<string> ids, CancellationToken cancellation)
        where T : class, IDocument
    {
        Schema.KindOf(typeof(T));
        await Create(cancellation);
        await using var session = _documents.QuerySession();
        var found = await session.LoadManyAsync<T>(cancellation, ids.ToArray());
        return found.ToDictionary(document => document.Id, StringComparer.Ordinal);
    }

    public async Task<IReadOnlyList<T>> Range<T>(DocumentIndex<T> index, KeyRange range, int limit, CancellationToken cancellation)
        where T : class, IDocument
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        if (!Schema.KindOf(typeof(T)).Has(index))
            throw new ArgumentException($"{typeof(T).Name} has no such index");
        await Create(cancellation);
        var (where, parameters) = IndexSql.Where(index, range);
        await using var session = _documents.QuerySession();
        return await session.QueryAsync<T>($"{where} {IndexSql.Order(index)} limit ?", cancellation, [.. parameters, limit]);
    }

    public async Task<bool> Apply(IReadOnlyCollection<IDocument> documents, Position after, Position upto, CancellationToken cancellation)
    {
        var last = documents.GroupBy(document => (Schema.KindOf(document.GetType()), document.Id)).Select(same => same.Last()).ToArray();
        if (upto <= after)
            return false;
        await Create(cancellation);
        await using var connection = await _database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (!await _generations.Move(transaction, _number, after, upto, cancellation))
            return false;
        await using var session = _documents.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.StoreObjects(last);
        await session.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        _creating.Dispose();
        return _documents.DisposeAsync();
    }

    private async Task Create(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _created))
            return;
        await _creating.WaitAsync(cancellation);
        try
        {
            if (!_created)
                await CreateTables(cancellation);
            Volatile.Write(ref _created, true);
        }
        finally
        {
            _creating.Release();
        }
    }

    private async Task CreateTables(CancellationToken cancellation)
    {
        await _generations.Create(cancellation);
        foreach (var kind in Schema.Kinds)
            await _documents.Storage.Database.EnsureStorageExistsAsync(kind.Type, cancellation);
        await _generations.UnderLock([.. Schema.Kinds.SelectMany(kind => kind.CreateIndexes(_databaseSchema))], cancellation);
    }
}
