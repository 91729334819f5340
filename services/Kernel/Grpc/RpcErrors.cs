using Google.Protobuf;
using Grpc.Core;

namespace Metering.Kernel.Grpc;

/// <summary>What is wrong with a request, as common.proto says it travels.</summary>
public static class RpcErrors
{
    /// <summary>The trailer with the serialized <see cref="V1.Error"/>.</summary>
    public const string Trailer = "metering-error-bin";

    /// <summary>INVALID_ARGUMENT: <paramref name="field"/> is not <paramref name="expected"/>.</summary>
    public static RpcException Invalid(string field, string expected)
    {
        var reason = $"{field}: expected {expected}";
        var error = new V1.Error { Field = field, Expected = expected, Reason = reason };
        return new RpcException(new Status(StatusCode.InvalidArgument, reason), new Metadata { { Trailer, error.ToByteArray() } });
    }
}
