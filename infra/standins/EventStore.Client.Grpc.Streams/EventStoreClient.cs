namespace EventStore.Client;

/// <summary>Appends to, reads, follows and deletes the streams of an EventStoreDB node or cluster. Connects by itself, and again.</summary>
public sealed partial class EventStoreClient : EventStoreClientBase
{
    private BatchAppender? _appender;

    public EventStoreClient(EventStoreClientSettings? settings = null) : base(settings)
    {
    }

    public override void Dispose()
    {
        Volatile.Read(ref _appender)?.Dispose();
        base.Dispose();
    }

    private BatchAppender Appender()
    {
        if (Volatile.Read(ref _appender) is { } known) return known;
        var made = new BatchAppender(Settings, Connection.Current, broken => Interlocked.CompareExchange(ref _appender, null, broken));
        if (Interlocked.CompareExchange(ref _appender, made, null) is not { } other) return made;
        made.Dispose();
        return other;
    }
}
