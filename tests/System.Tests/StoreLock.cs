using Microsoft.Data.Sqlite;

namespace Metering.SystemTests;

/// <summary>Until it is disposed, nothing can be appended to the event store of a data folder: it waits.</summary>
internal static class StoreLock
{
    public static async Task<SqliteConnection> Take(string dataFolder)
    {
        // a pooled connection would keep the lock
        var connection = new SqliteConnection($"Data Source={Path.Combine(dataFolder, "streams.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
