namespace EventStore.Client;

/// <summary>What an append answers.</summary>
public interface IWriteResult
{
    long NextExpectedVersion { get; }
    Position LogPosition { get; }
    StreamRevision NextExpectedStreamRevision { get; }
}

public readonly struct SuccessResult(StreamRevision nextExpectedStreamRevision, Position logPosition) : IWriteResult
{
    public long NextExpectedVersion => NextExpectedStreamRevision.ToInt64();
    public Position LogPosition { get; } = logPosition;
    public StreamRevision NextExpectedStreamRevision { get; } = nextExpectedStreamRevision;
}

/// <summary>What a refused append answers where it is not to throw.</summary>
public readonly struct WrongExpectedVersionResult(
    string streamName, StreamRevision nextExpectedStreamRevision, StreamRevision actualStreamRevision) : IWriteResult
{
    public string StreamName { get; } = streamName;
    public long NextExpectedVersion => NextExpectedStreamRevision.ToInt64();
    public long ActualVersion => ActualStreamRevision.ToInt64();
    public StreamRevision ActualStreamRevision { get; } = actualStreamRevision;
    public Position LogPosition => default;
    public StreamRevision NextExpectedStreamRevision { get; } = nextExpectedStreamRevision;
}

public readonly struct DeleteResult(Position logPosition)
{
    public readonly Position LogPosition = logPosition;
}
