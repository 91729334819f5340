using System.Data;
using Npgsql;

namespace Marten.Services;

/// <summary>On which connection and in which transaction a session works. Of its own, unless these say otherwise.</summary>
public sealed class SessionOptions
{
    public IsolationLevel IsolationLevel { get; set; } = IsolationLevel.ReadCommitted;

    /// <summary>How long a command may take, in seconds; null = as the connection string says.</summary>
    public int? Timeout { get; set; }

    public NpgsqlConnection? Connection { get; private init; }

    public NpgsqlTransaction? Transaction { get; private init; }

    /// <summary>False: saving commits nothing, the caller does.</summary>
    public bool OwnsTransactionLifecycle { get; private init; } = true;

    /// <summary>In the caller's transaction, which saving commits only if <paramref name="shouldAutoCommit"/>.</summary>
    public static SessionOptions ForTransaction(NpgsqlTransaction transaction, bool shouldAutoCommit = false) => new()
    {
        Connection = transaction.Connection, Transaction = transaction, OwnsTransactionLifecycle = shouldAutoCommit,
    };
}
