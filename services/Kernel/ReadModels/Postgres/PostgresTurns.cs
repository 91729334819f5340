using Npgsql;
using NpgsqlTypes;

namespace Metering.Kernel.ReadModels.Postgres;

/// <summary>
/// Whose turn it is: the instance whose connection holds the read model's advisory lock. PostgreSQL gives the lock to the next in line when that
/// connection ends, in whatever way.
/// </summary>
internal sealed class PostgresTurns(NpgsqlConnectionStringBuilder connection, NpgsqlDataSource database, GenerationsTable table, string name)
{
    private const int SecondsToSay = 5;

    // both ends look every few seconds whether the other is still there: a machine that lost its power gives up its turn within half a minute
    private const string ServerLooks = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

    // its own: a pooled connection that is given back would keep the lock
    private readonly string _unpooled = new NpgsqlConnectionStringBuilder(connection.ConnectionString)
    {
        Pooling = false, ApplicationName = $"{connection.ApplicationName} turn", Options = $"{connection.Options} {ServerLooks}".Trim(),
        TcpKeepAlive = true, TcpKeepAliveTime = 10, TcpKeepAliveInterval = 5,
    }.ConnectionString;

    public async Task<ITurn> Take(CancellationToken cancellation)
    {
        await table.Create(cancellation);
        var own = new NpgsqlConnection(_unpooled);
        try
        {
            await own.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand($"select pg_advisory_lock(hashtextextended('metering turn {name}', 0))", own);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellation);
            return new Turn(own, name);
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    public async Task<Said?> Standing(CancellationToken cancellation)
    {
        await table.Create(cancellation);
        await using var command = database.CreateCommand(
            $"select instance, updated_at, caught_up_at, lag, error, rebuild_error, clock_timestamp() - said_at from {name}.standing");
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return null;
        DateTimeOffset? caughtUpAt = row[2] is DateTime utc ? new DateTimeOffset(utc) : null;
        var standing = new Standing(
            row.GetString(0), new DateTimeOffset(row.GetDateTime(1)), caughtUpAt, row.GetTimeSpan(3), row[4] as string, row[5] as string);
        return new Said(standing, row.GetTimeSpan(6));
    }

    private sealed class Turn(NpgsqlConnection own, string name) : ITurn
    {
        // said over the connection that holds the lock: if it is gone, so is the turn
        public async Task Say(Standing standing, CancellationToken cancellation)
        {
            await using var command = new NpgsqlCommand(
                $"""
                insert into {name}.standing (instance, updated_at, caught_up_at, lag, error, rebuild_error, said_at)
                values ($1, $2, $3, $4, $5, $6, clock_timestamp())
                on conflict (one) do update set instance = excluded.instance, updated_at = excluded.updated_at,
                    caught_up_at = excluded.caught_up_at, lag = excluded.lag, error = excluded.error,
                    rebuild_error = excluded.rebuild_error, said_at = excluded.said_at
                """, own);
            command.CommandTimeout = SecondsToSay;
            Add(command, standing.Instance, NpgsqlDbType.Text);
            Add(command, standing.UpdatedAt.ToUniversalTime(), NpgsqlDbType.TimestampTz);
            Add(command, standing.CaughtUpAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
            Add(command, standing.Lag, NpgsqlDbType.Interval);
            Add(command, standing.Error, NpgsqlDbType.Text);
            Add(command, standing.RebuildError, NpgsqlDbType.Text);
            await command.ExecuteNonQueryAsync(cancellation);
        }

        public ValueTask DisposeAsync() => own.DisposeAsync();

        private static void Add(NpgsqlCommand command, object? value, NpgsqlDbType type) =>
            command.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = type });
    }
}
