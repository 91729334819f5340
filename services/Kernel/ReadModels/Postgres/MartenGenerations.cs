using System.Collections.Concurrent;
using Npgsql;

namespace Metering.Kernel.ReadModels.Postgres;

/// <summary>
/// A read model in PostgreSQL, shared by all instances that name the same database. Its generations are in schemas <c>NAME_1</c>,
/// <c>NAME_2</c>, …; schema <c>NAME</c> says which of them is live and what the instance that keeps it said last.
/// </summary>
public sealed class MartenGenerations : IGenerations, IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, Lazy<MartenReadModel>> _documents = [];
    private readonly NpgsqlDataSource _database;
    private readonly GenerationsTable _table;
    private readonly PostgresTurns _turns;
    private readonly TimeSpan _sweepAfter;

    /// <param name="connection">Which database; nothing connects to it yet.</param>
    /// <param name="schema">The read model. Its name begins the names of database schemas.</param>
    /// <param name="sweepAfter">For how long a replaced generation stays, for queries that still read it; 10 s if not said.</param>
    public MartenGenerations(NpgsqlConnectionStringBuilder connection, ReadModelSchema schema, TimeSpan? sweepAfter = null)
    {
        Schema = schema;
        var own = new NpgsqlConnectionStringBuilder(connection.ConnectionString);
        own.ApplicationName ??= $"metering {schema.Name}";
        _database = NpgsqlDataSource.Create(own);
        _table = new GenerationsTable(_database, schema.Name);
        _turns = new PostgresTurns(own, _database, _table, schema.Name);
        _sweepAfter = sweepAfter ?? TimeSpan.FromSeconds(10);
    }

    public ReadModelSchema Schema { get; }

    public async Task<Generation> Live(CancellationToken cancellation) =>
        await In("live", cancellation) ?? throw new InvalidOperationException($"{Schema.Name}.generations has none that is live");

    public Task<Generation?> Next(CancellationToken cancellation) => In("next", cancellation);

    public async Task<Generation> Begin(CancellationToken cancellation)
    {
        for (; ; )
        {
            await _table.Add(cancellation);
            // none: it was so far that it went live in between
            if (await Next(cancellation) is { } next)
                return next;
        }
    }

    public Task<bool> Switch(Generation next, CancellationToken cancellation) => _table.Switch(next.Number, cancellation);

    public Task Sweep(CancellationToken cancellation) => _table.Sweep(_sweepAfter, cancellation);

    public Task<ITurn> Turn(CancellationToken cancellation) => _turns.Take(cancellation);

    public Task<Said?> Standing(CancellationToken cancellation) => _turns.Standing(cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var documents in _documents.Values)
            await documents.Value.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task<Generation?> In(string state, CancellationToken cancellation) =>
        await _table.In(state, cancellation) is { } row ? new Generation(row.Number, Documents(row.Number)) : null;

    private MartenReadModel Documents(int number) =>
        _documents.GetOrAdd(number, one => new(() => new MartenReadModel(Schema, one, _database, _table))).Value;
}
