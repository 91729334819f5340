using System.Collections.Concurrent;
using Marten.Storage;
using Npgsql;

namespace Marten.Internal;

/// <summary>The tables of a store. Each is created once, under a lock that all instances share.</summary>
internal sealed class Tables(StoreOptions options) : IMartenStorage, IMartenDatabase
{
    private readonly ConcurrentDictionary<Type, TableOf> _tables = [];
    private readonly ConcurrentDictionary<Type, bool> _created = [];
    private readonly SemaphoreSlim _creating = new(1);

    public NpgsqlDataSource DataSource { get; } =
        options.DataSource ?? throw new InvalidOperationException("No database: StoreOptions.Connection() must name one");

    IMartenDatabase IMartenStorage.Database => this;

    public TableOf this[Type type] =>
        _tables.GetOrAdd(type, one => new TableOf(one, options.DatabaseSchemaName, options.Schema.AliasOf(one)));

    public async ValueTask EnsureStorageExistsAsync(Type featureType, CancellationToken token = default)
    {
        if (_created.ContainsKey(featureType))
            return;
        await _creating.WaitAsync(token);
        try
        {
            if (!_created.ContainsKey(featureType))
                await Create(this[featureType], token);
            _created[featureType] = true;
        }
        finally
        {
            _creating.Release();
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public ValueTask DisposeAsync()
    {
        _creating.Dispose();
        return options.Close();
    }

    // of two that create a schema at once one would fail: "if not exists" does not look that far
    private async Task Create(TableOf table, CancellationToken token)
    {
        await using var connection = await DataSource.OpenConnectionAsync(token);
        await using var transaction = await connection.BeginTransactionAsync(token);
        await using var command = new NpgsqlCommand(
            $"select pg_advisory_xact_lock({options.ApplyChangesLockId}); {table.Create}", connection, transaction);
        await command.ExecuteNonQueryAsync(token);
        await transaction.CommitAsync(token);
    }
}
