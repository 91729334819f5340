using System.Data.Common;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Grpc;

/// <summary>Answers unary calls <c>UNAVAILABLE</c> while the event store, or the database of the read models, cannot be reached.</summary>
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
            throw Unavailable("the event store");
        }
        catch (Exception error) when (IsPassing(error) || error.InnerException is { } inner && IsPassing(inner))
        {
            throw Unavailable("the database of the read models");
        }
    }

    private static bool IsPassing(Exception error) => error is DbException { IsTransient: true };

    private static RpcException Unavailable(string what) =>
        RpcErrors.Of(StatusCode.Unavailable, "", "the same request, a little later", $"{what} cannot be reached now");
}
