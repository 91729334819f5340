namespace EventStore.Client;

/// <summary>What every client of the store has: its settings and one connection that its calls share.</summary>
public abstract class EventStoreClientBase : IDisposable, IAsyncDisposable
{
    private protected EventStoreClientBase(EventStoreClientSettings? settings)
    {
        Settings = settings ?? new EventStoreClientSettings();
        ConnectionName = Settings.ConnectionName ?? $"ES-{Guid.NewGuid()}";
        Connection = new Connection(Settings, ConnectionName);
    }

    public string ConnectionName { get; }
    protected EventStoreClientSettings Settings { get; }
    private protected Connection Connection { get; }

    public virtual void Dispose()
    {
        Connection.Dispose();
        GC.SuppressFinalize(this);
    }

    public virtual ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
