using EventStore.Client.Wire;
using Google.Protobuf;

namespace EventStore.Client;

/// <summary>Names of streams on the wire, and the words of the protocol's headers, trailers and metadata.</summary>
internal static class Names
{
    public const string Type = "type";
    public const string ContentType = "content-type";
    public const string Created = "created";

    public const string RequiresLeader = "requires-leader";
    public const string ConnectionName = "connection-name";
    public const string Authorization = "authorization";

    public const string Exception = "exception";
    public const string StreamName = "stream-name";
    public const string ExpectedVersion = "expected-version";
    public const string ActualVersion = "actual-version";
    public const string MaximumAppendSize = "maximum-append-size";
    public const string LeaderHost = "leader-endpoint-host";
    public const string LeaderPort = "leader-endpoint-port";

    public static StreamIdentifier ToWire(string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    public static string FromWire(StreamIdentifier? stream) => stream?.StreamName.ToStringUtf8() ?? "";
}
