namespace Grpc.Core;

/// <summary>The states of a channel's connection.</summary>
public enum ConnectivityState
{
    /// <summary>Not connected, and not trying to be.</summary>
    Idle,
    /// <summary>Connecting.</summary>
    Connecting,
    /// <summary>Connected.</summary>
    Ready,
    /// <summary>A connection attempt failed; another will follow.</summary>
    TransientFailure,
    /// <summary>Closed for good.</summary>
    Shutdown,
}
