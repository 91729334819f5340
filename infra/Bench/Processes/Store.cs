using System.Globalization;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;
using Metering.Kernel.Streams.Sqlite;
using Microsoft.Data.Sqlite;

namespace Metering.Bench.Processes;

/// <summary>An event store to measure on: how a host is told of it, how this process opens it, and what keeps an answered append.</summary>
/// <param name="Setting">The host's setting <c>EventStore</c>.</param>
internal sealed record Store(string Name, string Setting, string Durability)
{
    private const string Sqlite = "sqlite:";

    internal static Store File(string path) => new("sqlite", Sqlite + path, "fsync of SQLite's WAL (synchronous=FULL) before the answer");

    /// <param name="setting">A connection string, <c>esdb://…</c>.</param>
    internal static Store Node(string setting) => new("esdb", setting, "the node's own (its writer flushes before it answers)");

    internal bool IsNode => !Setting.StartsWith(Sqlite, StringComparison.Ordinal);

    /// <summary>The port as the product has it.</summary>
    internal Opened Open() => new(IsNode
        ? new EventStoreStreams(EventStoreSettings.Parse(Setting), TimeProvider.System)
        : new SqliteStreams(new SqliteStreamsSettings(Path), TimeProvider.System));

    /// <summary>Bytes of the whole store, or none where it keeps its files to itself.</summary>
    internal long? Size()
    {
        if (IsNode) return null;
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={Path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return Number(connection, "pragma page_count") * Number(connection, "pragma page_size");
    }

    private string Path => Setting[Sqlite.Length..];

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}

/// <summary>A store in use by this process: closed with it, where its adapter has something to close.</summary>
internal sealed class Opened(IEventStreams port) : IAsyncDisposable
{
    internal IEventStreams Port => port;

    public ValueTask DisposeAsync() => port is IAsyncDisposable open ? open.DisposeAsync() : ValueTask.CompletedTask;
}
