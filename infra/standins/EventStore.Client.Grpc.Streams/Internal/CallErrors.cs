using System.Globalization;
using System.Net;
using Grpc.Core;

namespace EventStore.Client;

/// <summary>What a failed call means: the node says it in trailers.</summary>
internal static class CallErrors
{
    public static Exception Translate(RpcException failure) => Trailer(failure, Names.Exception) switch
    {
        "access-denied" => new AccessDeniedException(failure.Message, failure),
        "not-leader" => new NotLeaderException(
            Trailer(failure, Names.LeaderHost) ?? "", (int)(Number(failure, Names.LeaderPort) ?? 0), failure),
        "stream-deleted" => new StreamDeletedException(Trailer(failure, Names.StreamName) ?? "<unknown>", failure),
        "stream-not-found" => new StreamNotFoundException(Trailer(failure, Names.StreamName) ?? "", failure),
        "wrong-expected-version" => new WrongExpectedVersionException(Trailer(failure, Names.StreamName) ?? "",
            Revision(failure, Names.ExpectedVersion), Revision(failure, Names.ActualVersion), failure, failure.Message),
        "maximum-append-size-exceeded" => new MaximumAppendSizeExceededException(
            (uint)(Number(failure, Names.MaximumAppendSize) ?? 0), failure),
        _ when failure.StatusCode == StatusCode.Unauthenticated => new NotAuthenticatedException(failure.Message, failure),
        _ => failure,
    };

    private static string? Trailer(RpcException failure, string key) => failure.Trailers.FirstOrDefault(entry => entry.Key == key)?.Value;

    private static long? Number(RpcException failure, string key) =>
        long.TryParse(Trailer(failure, key), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static StreamRevision Revision(RpcException failure, string key) =>
        Number(failure, key) is >= 0 and var revision ? new StreamRevision((ulong)revision) : StreamRevision.None;
}

/// <summary>Why a client must choose its node again: it is told who leads, or (none) it lost the node.</summary>
internal sealed record Reconnection(DnsEndPoint? Leader)
{
    public static Reconnection? After(Exception failure) => failure switch
    {
        NotLeaderException elsewhere => new Reconnection(elsewhere.LeaderEndpoint),
        RpcException { StatusCode: StatusCode.Unavailable } => new Reconnection(Leader: null),
        _ => null,
    };
}
