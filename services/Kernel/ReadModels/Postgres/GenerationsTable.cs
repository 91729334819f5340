using Metering.Kernel.Streams;
using Npgsql;

namespace Metering.Kernel.ReadModels.Postgres;

/// <summary>
/// Table <c>NAME.generations</c>: which sets of documents there are of a read model, how far each has followed the streams, and which is
/// live. The documents of generation 3 are in schema <c>NAME_3</c>.
/// </summary>
internal sealed class GenerationsTable(NpgsqlDataSource database, string name)
{
    private const string Columns = "number, commit_position, prepare_position";

    private bool _created;

    public static string SchemaOf(string name, int number) => $"{name}_{number}";

    /// <summary>The generation in a state, if there is one: <c>live</c> or <c>next</c>.</summary>
    public async Task<(int Number, Position Position)?> In(string state, CancellationToken cancellation)
    {
        await Create(cancellation);
        await using var command = database.CreateCommand($"select {Columns} from {name}.generations where state = $1");
        command.Parameters.Add(new() { Value = state });
        return await One(command, cancellation);
    }

    public async Task<Position?> PositionOf(int number, CancellationToken cancellation)
    {
        await Create(cancellation);
        await using var command = database.CreateCommand($"select {Columns} from {name}.generations where number = $1");
        command.Parameters.Add(new() { Value = number });
        return (await One(command, cancellation))?.Position;
    }

    /// <summary>
    /// Moves a generation's position from exactly <paramref name="after"/>. Whoever else would move it waits for the transaction to end, and
    /// then finds another position there.
    /// </summary>
    public async Task<bool> Move(NpgsqlTransaction transaction, int number, Position after, Position upto, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            update {name}.generations set commit_position = $1, prepare_position = $2
            where number = $3 and state <> 'old' and commit_position = $4 and prepare_position = $5
            """, transaction.Connection, transaction);
        object[] values = [(decimal)upto.Commit, (decimal)upto.Prepare, number, (decimal)after.Commit, (decimal)after.Prepare];
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    /// <summary>Adds the next generation unless there is one.</summary>
    public async Task Add(CancellationToken cancellation)
    {
        await Create(cancellation);
        await using var command = database.CreateCommand($"""
            insert into {name}.generations (number, state) select max(number) + 1, 'next' from {name}.generations
            on conflict do nothing
            """);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Makes the next generation the live one if it has come as far. Both rows are locked: nothing moves meanwhile.</summary>
    public async Task<bool> Switch(int next, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var rows = new NpgsqlCommand(
            $"select 1 from {name}.generations where state <> 'old' order by number for update", connection, transaction))
            await rows.ExecuteNonQueryAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"""
            update {name}.generations live set state = 'old', replaced_at = clock_timestamp() from {name}.generations next
            where live.state = 'live' and next.state = 'next' and next.number = {next} and
                (live.commit_position, live.prepare_position) <= (next.commit_position, next.prepare_position)
            """, connection, transaction);
        if (await command.ExecuteNonQueryAsync(cancellation) == 0)
            return false;
        command.CommandText = $"update {name}.generations set state = 'live' where number = {next}";
        await command.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Drops the documents of generations that were replaced that long ago, then forgets them.</summary>
    public async Task Sweep(TimeSpan after, CancellationToken cancellation)
    {
        foreach (var number in await ReplacedBefore(after, cancellation))
        {
            await using var command = database.CreateCommand($"""
                drop schema if exists {SchemaOf(name, number)} cascade;
                delete from {name}.generations where number = {number};
                """);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    private async Task<List<int>> ReplacedBefore(TimeSpan after, CancellationToken cancellation)
    {
        await Create(cancellation);
        await using var command = database.CreateCommand(
            $"select number from {name}.generations where state = 'old' and replaced_at <= clock_timestamp() - $1");
        command.Parameters.Add(new() { Value = after });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var numbers = new List<int>();
        while (await rows.ReadAsync(cancellation))
            numbers.Add(rows.GetInt32(0));
        return numbers;
    }

    private static async Task<(int Number, Position Position)?> One(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        if (!await rows.ReadAsync(cancellation))
            return null;
        return (rows.GetInt32(0), new Position((ulong)rows.GetDecimal(1), (ulong)rows.GetDecimal(2)));
    }

    /// <summary>Creates what is not there, once per process.</summary>
    public async Task Create(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _created))
            return;
        await UnderLock(
        [
            $"create schema if not exists {name}",
            $"""
            create table if not exists {name}.generations (
                number int primary key, state text not null check (state in ('live', 'next', 'old')),
                commit_position numeric(20) not null default 0, prepare_position numeric(20) not null default 0, replaced_at timestamptz)
            """,
            $"create unique index if not exists generations_state on {name}.generations (state) where state <> 'old'",
            $"insert into {name}.generations (number, state) values (1, 'live') on conflict do nothing",
            $"""
            create table if not exists {name}.standing (
                one bool primary key default true check (one), instance text not null, updated_at timestamptz not null,
                caught_up_at timestamptz, lag interval not null, error text, rebuild_error text, said_at timestamptz not null)
            """,
        ], cancellation);
        Volatile.Write(ref _created, true);
    }

    /// <summary>Changes the database's schema: of two that create the same at once one would fail, "if not exists" or not.</summary>
    public async Task UnderLock(string[] statements, CancellationToken cancellation)
    {
        // the statements of one batch are one transaction
        await using var batch = database.CreateBatch();
        foreach (var sql in statements.Prepend($"select pg_advisory_xact_lock(hashtextextended('metering create {name}', 0))"))
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        await batch.ExecuteNonQueryAsync(cancellation);
    }
}
