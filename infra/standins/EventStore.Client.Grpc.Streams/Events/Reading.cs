namespace EventStore.Client;

public enum Direction
{
    Backwards = 0,
    Forwards = 1,
}

public enum ReadState
{
    StreamNotFound = 0,
    Ok = 1,
}

public enum NodePreference
{
    Leader = 0,
    Follower = 1,
    Random = 2,
    ReadOnlyReplica = 3,
}
