using Google.Protobuf;
using Grpc.Core;
using Metering.V1;

namespace Metering.Kernel.Grpc;

/// <summary>Errors as contracts/metering/v1/common.proto has them: a status, and what is wrong in the trailer <c>metering-error-bin</c>.</summary>
public static class RpcErrors
{
    /// <summary>The binary trailer that holds a serialized <see cref="Error"/>.</summary>
    public const string Trailer = "metering-error-bin";

    /// <summary>Something in the request is malformed or out of range.</summary>
    public static RpcException Invalid(string field, string expected, string reason) => Of(StatusCode.InvalidArgument, field, expected, reason);

    /// <summary>What the request names is not there.</summary>
    public static RpcException NotFound(string field, string expected, string reason) => Of(StatusCode.NotFound, field, expected, reason);

    /// <param name="status">The status.</param>
    /// <param name="field">Path of the field, as written in the proto files; empty if it is about no single field.</param>
    /// <param name="expected">What would have been right.</param>
    /// <param name="reason">What is wrong, for people.</param>
    public static RpcException Of(StatusCode status, string field, string expected, string reason)
    {
        var error = new Error { Field = field, Expected = expected, Reason = reason };
        var text = field.Length == 0 ? $"{reason}; expected {expected}" : $"{field}: {reason}; expected {expected}";
        return new RpcException(new Status(status, text), new Metadata { { Trailer, error.ToByteArray() } });
    }
}
