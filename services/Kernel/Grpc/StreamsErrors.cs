using Grpc.Core;
using Grpc.Core.Interceptors;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Grpc;

/// <summary>Answers unary calls <c>UNAVAILABLE</c> while the event store cannot be reached.</summary>
public sealed class StreamsErrors : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (StreamsUnavailableException)
        {
            throw RpcErrors.Of(StatusCode.Unavailable, "", "the same request, a little later", "the event store cannot be reached now");
        }
    }
}
