using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Metering.EventStoreDouble.Calls;

/// <summary>A node's errors: a status and, for those that clients tell apart, trailers.</summary>
internal static class RpcErrors
{
    public static RpcException NotReady() => new(new Status(StatusCode.Unavailable, "Server Is Not Ready"));

    public static RpcException TooBusy() => new(new Status(StatusCode.Unavailable, "Server Is Too Busy"));

    public static RpcException NoLeader() => new(new Status(StatusCode.Unknown, "No leader info available in response"));

    /// <summary>The caller asked for the leader and this node is not: where it is.</summary>
    public static RpcException NotLeader(string host, int port) =>
        Error(StatusCode.NotFound, "Leader info available", "not-leader",
            ("leader-endpoint-host", host), ("leader-endpoint-port", $"{port}"));

    public static RpcException TimedOut() => new(new Status(StatusCode.Aborted, "Operation timed out: Prepare phase timeout."));

    /// <summary>Of a live subscription that a burst has overrun.</summary>
    public static RpcException TooSlow() =>
        new(new Status(StatusCode.Aborted, "Operation timed out: Consumer too slow to handle event while live. Client resubscription required."));

    public static RpcException AccessDenied() => Error(StatusCode.PermissionDenied, "Access Denied", "access-denied");

    public static RpcException StreamDeleted(string stream) =>
        Error(StatusCode.FailedPrecondition, $"Event stream '{stream}' is deleted.", "stream-deleted", ("stream-name", stream));

    /// <summary>Of deletes; an append answers it in its response.</summary>
    public static RpcException WrongExpectedVersion(string operation, string stream, long expected, long actual) =>
        Error(StatusCode.FailedPrecondition,
            $"{operation} failed due to WrongExpectedVersion. Stream: {stream}, Expected version: {expected}, Actual version: {actual}",
            "wrong-expected-version", ("stream-name", stream), ("expected-version", $"{expected}"), ("actual-version", $"{actual}"));

    public static RpcException AppendTooLarge(int limit) =>
        Error(StatusCode.InvalidArgument, $"Maximum Append Size of {limit} Exceeded.", "maximum-append-size-exceeded",
            ("maximum-append-size", $"{limit}"));

    public static RpcException MetadataMissing(string name) =>
        Error(StatusCode.InvalidArgument, $"Required Metadata Property '{name}' is missing",
            "missing-required-metadata-property", ("required-metadata-properties", "type,content-type"));

    /// <summary>A forward read from the end of a stream.</summary>
    public static RpcException BadRead() => new(new Status(StatusCode.Unknown, "Unexpected ReadStreamResult: Error"));

    public static RpcException InvalidPosition() => new(new Status(StatusCode.InvalidArgument, "Trying to read from an invalid position."));

    public static RpcException InvalidArgument<T>(T argument) =>
        new(new Status(StatusCode.InvalidArgument, $"'{argument}' is not a valid {typeof(T)}"));

    public static RpcException InvalidCombination<T>(T combination) =>
        new(new Status(StatusCode.InvalidArgument, $"The combination of {combination} is invalid."));

    public static RpcException Required(string name) => new(new Status(StatusCode.InvalidArgument, $"`{name}` is a required argument"));

    private static RpcException Error(StatusCode code, string message, string exception, params (string Key, string Value)[] more)
    {
        var trailers = new Metadata { { "exception", exception } };
        foreach (var (key, value) in more) trailers.Add(key, value);
        return new(new Status(code, message), trailers);
    }
}
