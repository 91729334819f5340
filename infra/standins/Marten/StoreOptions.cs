using Npgsql;

namespace Marten;

/// <summary>How a store is set up.</summary>
public class StoreOptions
{
    private string _schema = "public";
    private bool _ownsDataSource;

    /// <summary>The documents and what is known of each type.</summary>
    public readonly MartenRegistry Schema = new();

    /// <summary>The schema of all tables; created if it is not there. In lower case.</summary>
    public string DatabaseSchemaName
    {
        get => _schema;
        set => _schema = value.ToLowerInvariant();
    }

    /// <summary>The advisory lock under which tables are created.</summary>
    public int ApplyChangesLockId { get; set; } = 4004;

    internal NpgsqlDataSource? DataSource { get; private set; }

    /// <summary>A database that the store connects to by itself.</summary>
    public void Connection(string connectionString)
    {
        DataSource = NpgsqlDataSource.Create(connectionString);
        _ownsDataSource = true;
    }

    /// <summary>A database whose connections are the caller's: the store never disposes of it.</summary>
    public void Connection(NpgsqlDataSource dataSource)
    {
        DataSource = dataSource;
        _ownsDataSource = false;
    }

    internal ValueTask Close() => _ownsDataSource ? DataSource!.DisposeAsync() : default;
}
