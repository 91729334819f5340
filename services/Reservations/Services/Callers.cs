using System.Diagnostics;
using Grpc.Core;
using Metering.Kernel.Deciding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace Metering.Reservations.Services;

/// <summary>Who calls: recorded with every event.</summary>
internal static class Callers
{
    public static Caller Caller(this ServerCallContext context)
    {
        var http = context.GetHttpContext();
        // asked for a user, the context would make one
        return new(http.Features.Get<IHttpAuthenticationFeature>()?.User?.Identity?.Name ?? "anonymous", Trace(http));
    }

    // where nobody collects spans there is none, and the trace is the one that the caller sent
    private static string? Trace(HttpContext http) =>
        Activity.Current is { } span ? span.TraceId.ToHexString()
        : ActivityContext.TryParse(http.Request.Headers.TraceParent, null, out var sent) ? sent.TraceId.ToHexString()
        : null;
}
