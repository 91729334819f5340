using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>The file: how it is opened and what is in it.</summary>
internal static class Database
{
    private const int SchemaVersion = 2;

    // a commit writes some forty events, in as many pages as they need: with pages of 4 KiB four times as many calls of the kernel,
    // and sessions were a seventh slower; with 32 KiB, what is written again with each commit costs more than that saves
    private const int PageBytes = 16 << 10;

    private const string Schema = """
        CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE types(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE events(
            position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL,
            type INTEGER NOT NULL, data BLOB NOT NULL, metadata BLOB NOT NULL);
        CREATE TABLE snapshots(stream TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, version TEXT NOT NULL, data BLOB NOT NULL);
        """;

    // where the events of a stream are, up to some position: see Unplaced
    private const string Places = """
        CREATE TABLE places(
            stream INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(stream, revision)) WITHOUT ROWID;
        CREATE TABLE placed(upto INTEGER NOT NULL);
        INSERT INTO placed VALUES (0);
        """;

    private const string FromVersion1 = """
        INSERT INTO places SELECT stream, revision, position FROM events ORDER BY stream, revision;
        UPDATE placed SET upto = (SELECT coalesce(max(position), 0) FROM events);
        DROP INDEX events_of_stream;
        """;

    /// <summary>
    /// Opens the one connection of this process that writes, and creates or checks the tables. What protects an acknowledged append
    /// is here: with a write-ahead log and synchronous = FULL, COMMIT returns only after the log with the transaction in it was
    /// fsynced. With NORMAL, SQLite's own advice for this log, a power cut would take back commits that were already answered.
    /// The log is carried over by <see cref="CarryOver"/>; the writer does it only if that falls far behind.
    /// </summary>
    public static SqliteConnection OpenWriter(string path, int logBytes)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder);
        var connection = Open(path, SqliteOpenMode.ReadWriteCreate, $"""
            PRAGMA page_size = {PageBytes};
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA cache_size = -65536;
            """);
        try
        {
            Execute(connection, $"PRAGMA wal_autocheckpoint = {4L * logBytes / PageSize(connection)}");
            Migrate(connection, path);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection OpenReader(string path) =>
        Open(path, SqliteOpenMode.ReadWrite, "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA cache_size = -8192;");

    public static SqliteConnection OpenForCarryingOver(string path) =>
        Open(path, SqliteOpenMode.ReadWrite, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024;");

    /// <summary>In bytes. Files of earlier versions have pages of 4 KiB.</summary>
    public static long PageSize(SqliteConnection connection)
    {
        using var size = new Statement(connection, "PRAGMA page_size");
        return size.Number(none: PageBytes);
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode, string settings)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, settings);
        return connection;
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        using var version = new Statement(connection, "PRAGMA user_version");
        var found = version.Number(none: 0);
        if (found > SchemaVersion)
            throw new InvalidOperationException(
                $"{path} has schema version {found}; this version knows {SchemaVersion} and older: start a newer version of the product");
        if (found == 0)
            Execute(connection, Schema);
        if (found < SchemaVersion)
            Execute(connection, $"{Places} {(found == 1 ? FromVersion1 : "")} PRAGMA user_version = {SchemaVersion}");
        Execute(connection, "COMMIT");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // all of it is written above
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
