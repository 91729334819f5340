using Grpc.Core;
using Metering.V1;

namespace Metering.Client;

/// <summary>Metering could not do what it was asked. Denied by a limit is no exception but an answer.</summary>
public sealed class MeteringException(RpcException cause) : Exception(cause.Status.Detail, cause)
{
    private const string Trailer = "metering-error-bin";

    /// <summary>The gRPC status.</summary>
    public StatusCode Status { get; } = cause.StatusCode;

    /// <summary>What is wrong in the request; none where nothing is, as with <see cref="StatusCode.Unavailable"/>.</summary>
    public Error? Error { get; } = cause.Trailers.GetValueBytes(Trailer) is { } bytes ? Error.Parser.ParseFrom(bytes) : null;

    /// <summary>Which field is wrong: <c>lines[1].quantity</c>.</summary>
    public string? Field => Error?.Field;

    /// <summary>What would have been right there: <c>1 or more</c>.</summary>
    public string? Expected => Error?.Expected;
}
