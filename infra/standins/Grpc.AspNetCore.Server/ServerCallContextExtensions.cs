using Grpc.AspNetCore.Server.Internal;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

public static class ServerCallContextExtensions
{
    // where a context that wraps another (in a test, in an interceptor) leaves the HTTP context
    private const string Key = "__HttpContext";

    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext)
    {
        ArgumentNullException.ThrowIfNull(serverCallContext);
        if (serverCallContext is ServerCall call) return call.Http;
        return serverCallContext.UserState.TryGetValue(Key, out var kept) && kept is HttpContext http
            ? http
            : throw new InvalidOperationException("Could not get HttpContext from ServerCallContext. " +
                "HttpContext can only be accessed when gRPC services are hosted by ASP.NET Core.");
    }
}
