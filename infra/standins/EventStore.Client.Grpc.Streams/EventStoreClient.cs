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
        while (true)
        {
            var known = Volatile.Read(ref _appender);
            if (known is { IsBroken: false }) return known;
            var made = new BatchAppender(Settings, Connection.Current);
            if (Interlocked.CompareExchange(ref _appender, made, known) == known) return made;
            made.Dispose();
        }
    }
}
