using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Metering.Kernel.Hosting;

/// <summary>gRPC calls refused before they reach a service.</summary>
internal static class RefusedCalls
{
    /// <summary>The status in the headers: gRPC's form of an answer without a message.</summary>
    /// <param name="message">In ASCII, without <c>%</c>.</param>
    public static void Refuse(this HttpResponse response, StatusCode status, string message)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = message;
    }
}
