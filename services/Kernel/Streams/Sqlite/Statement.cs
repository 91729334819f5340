using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// A statement prepared once and used often, on one thread at a time. SQLite's own calls instead of SqliteCommand: binding by
/// number, without boxing, copying and looking up names, is what the one writer thread has time for.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;

    public Statement(SqliteConnection connection, string sql)
    {
        _db = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_db, sql, out _statement));
    }

    public Statement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, string value)
    {
        Check(raw.sqlite3_bind_text(_statement, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return Bind(parameter, bytes);
    }

    /// <summary>Goes to the next row; false after the last. Whoever stops earlier must <see cref="Reset"/>.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
            return true;
        // a reset repeats the error of the step: the check below reports it
        raw.sqlite3_reset(_statement);
        if (result != raw.SQLITE_DONE)
            SqliteException.ThrowExceptionForRC(result, _db);
        return false;
    }

    /// <summary>Runs a statement without rows; false if another process holds the lock that it needs.</summary>
    public bool TryRun()
    {
        var result = raw.sqlite3_step(_statement);
        raw.sqlite3_reset(_statement);
        if (result == raw.SQLITE_BUSY)
            return false;
        if (result != raw.SQLITE_DONE)
            SqliteException.ThrowExceptionForRC(result, _db);
        return true;
    }

    public void Run()
    {
        if (Step())
            Reset();
    }

    /// <summary>The first column of the first row as a number; <paramref name="none"/> without a row or if it is null.</summary>
    public long Number(long none)
    {
        if (!Step())
            return none;
        var value = raw.sqlite3_column_type(_statement, 0) == raw.SQLITE_NULL ? none : Number(column: 0);
        Reset();
        return value;
    }

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>Ends the reading. A statement left in the middle would hold its snapshot and keep the log from being reused.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _db);
    }
}
