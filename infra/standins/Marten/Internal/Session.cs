using System.Text.Json;
using Marten.Services;
using Npgsql;
using NpgsqlTypes;

namespace Marten.Internal;

/// <summary>Reads at once, gathers changes, sends them in one batch and one transaction.</summary>
internal sealed class Session(Tables tables, SessionOptions options) : IDocumentSession
{
    private readonly List<(Type? Type, NpgsqlBatchCommand Command)> _changes = [];

    public async Task<T?> LoadAsync<T>(string id, CancellationToken token = default) where T : notnull =>
        (await LoadManyAsync<T>(token, id)).FirstOrDefault();

    public Task<IReadOnlyList<T>> LoadManyAsync<T>(CancellationToken token, params string[] ids) where T : notnull
    {
        var command = new NpgsqlBatchCommand($"{tables[typeof(T)].Select} where d.id = any($1)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ids });
        return Read(typeof(T), command, Document<T>, token);
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql, CancellationToken token, params object[] parameters)
    {
        var text = sql.TrimStart();
        if (!text.StartsWith("select", StringComparison.OrdinalIgnoreCase))
            return Read(typeof(T), Sql.Command(Sql.Query(tables[typeof(T)], text), parameters), Document<T>, token);
        var isValue = typeof(T).IsPrimitive || typeof(T) == typeof(string) || typeof(T) == typeof(decimal);
        return Read<T>(
            null, Sql.Command(text, parameters), row => isValue ? row.GetFieldValue<T>(0) : Json<T>(row, 0), token);
    }

    public void Store<T>(params T[] entities) where T : notnull => StoreObjects(entities.Cast<object>());

    public void StoreObjects(IEnumerable<object> documents)
    {
        foreach (var document in documents)
            _changes.Add((document.GetType(), Upsert(tables[document.GetType()], document)));
    }

    public void Delete<T>(string id) where T : notnull
    {
        var command = new NpgsqlBatchCommand($"delete from {tables[typeof(T)].QualifiedName} where id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        _changes.Add((typeof(T), command));
    }

    public void QueueSqlCommand(string sql, params object[] parameterValues) => _changes.Add((null, Sql.Command(sql, parameterValues)));

    public async Task SaveChangesAsync(CancellationToken token = default)
    {
        if (_changes.Count == 0)
            return;
        foreach (var type in _changes.Select(change => change.Type).OfType<Type>().Distinct())
            await tables.EnsureStorageExistsAsync(type, token);
        if (options.Transaction is { } callers)
            await Send(callers.Connection!, callers, options.OwnsTransactionLifecycle, token);
        else
            await SendAlone(token);
        _changes.Clear();
    }

    public void Dispose() => _changes.Clear();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    private async Task SendAlone(CancellationToken token)
    {
        await using var connection = await tables.DataSource.OpenConnectionAsync(token);
        await using var transaction = await connection.BeginTransactionAsync(options.IsolationLevel, token);
        await Send(connection, transaction, true, token);
    }

    private async Task Send(NpgsqlConnection connection, NpgsqlTransaction transaction, bool commit, CancellationToken token)
    {
        await using (var batch = Batch(connection, transaction))
        {
            foreach (var (_, command) in _changes) batch.BatchCommands.Add(command);
            await batch.ExecuteNonQueryAsync(token);
        }
        if (commit)
            await transaction.CommitAsync(token);
    }

    private async Task<IReadOnlyList<T>> Read<T>(
        Type? type, NpgsqlBatchCommand command, Func<NpgsqlDataReader, T> read, CancellationToken token)
    {
        if (type is not null)
            await tables.EnsureStorageExistsAsync(type, token);
        if (options.Connection is { } callers)
            return await ReadOn(callers, command, read, token);
        await using var connection = await tables.DataSource.OpenConnectionAsync(token);
        return await ReadOn(connection, command, read, token);
    }

    private async Task<IReadOnlyList<T>> ReadOn<T>(
        NpgsqlConnection connection, NpgsqlBatchCommand command, Func<NpgsqlDataReader, T> read, CancellationToken token)
    {
        await using var batch = Batch(connection, options.Transaction);
        batch.BatchCommands.Add(command);
        await using var rows = await batch.ExecuteReaderAsync(token);
        var found = new List<T>();
        while (await rows.ReadAsync(token))
            found.Add(read(rows));
        return found;
    }

    private NpgsqlBatch Batch(NpgsqlConnection connection, NpgsqlTransaction? transaction)
    {
        var batch = new NpgsqlBatch(connection, transaction);
        if (options.Timeout is { } seconds)
            batch.Timeout = seconds;
        return batch;
    }

    private static T Document<T>(NpgsqlDataReader row) => Json<T>(row, 1);

    private static T Json<T>(NpgsqlDataReader row, int column) => JsonSerializer.Deserialize<T>(row.GetFieldValue<byte[]>(column))!;

    private static NpgsqlBatchCommand Upsert(TableOf table, object document) => new(table.Upsert)
    {
        Parameters =
        {
            new NpgsqlParameter<string> { TypedValue = table.IdOf(document) },
            new NpgsqlParameter { Value = table.Json(document), NpgsqlDbType = NpgsqlDbType.Jsonb },
            new NpgsqlParameter<string> { TypedValue = table.Type.FullName },
            new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()) },
        },
    };
}
