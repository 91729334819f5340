using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Statuses from what a server sends and from what goes wrong.</summary>
internal static class Outcomes
{
    private const int Http2RefusedStream = 0x7;
    private const int Http2Cancel = 0x8;
    private const int Http2EnhanceYourCalm = 0xb;
    private const int Http2InadequateSecurity = 0xc;

    public static readonly Status TooLargeToReceive = new(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.");
    public static readonly Status TooLargeToSend = new(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size.");
    public static readonly Status NoMessage = new(StatusCode.Internal, "Failed to deserialize response message.");

    /// <summary>The status in trailers or, if there is no body, in headers.</summary>
    public static Status? Read(HttpHeaders headers)
    {
        if (Headers.Value(headers, Headers.Status) is not { } text) return null;
        if (text == "0") return Status.DefaultSuccess;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            return new Status(StatusCode.Cancelled, "Unexpected grpc-status value: " + text);
        var message = Headers.Value(headers, Headers.Message);
        return new Status((StatusCode)code, message is null ? "" : Uri.UnescapeDataString(message));
    }

    /// <summary>The status once the body has been read to its end.</summary>
    public static Status ReadEnd(HttpResponseMessage response) =>
        Read(response.TrailingHeaders) ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");

    /// <summary>Why a response that carries no status cannot be a gRPC response, or null if it can.</summary>
    public static Status? Invalid(HttpResponseMessage response)
    {
        if (response.Version.Major < 2)
            return new Status(StatusCode.Internal, $"Bad gRPC response. Response protocol downgraded to HTTP/{response.Version}.");
        if (response.StatusCode != HttpStatusCode.OK)
            return new Status(FromHttp(response.StatusCode), "Bad gRPC response. HTTP status code: " + (int)response.StatusCode);
        var type = Headers.Value(response.Content.Headers, "Content-Type");
        if (type is null)
            return new Status(StatusCode.Cancelled, "Bad gRPC response. Response did not have a content-type header.");
        return IsGrpc(type) ? null : new Status(StatusCode.Cancelled, "Bad gRPC response. Invalid content-type value: " + type);
    }

    public static Status From(string summary, Exception exception)
    {
        var detail = $"{summary} {exception.GetType().Name}: {exception.Message}";
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
            detail += $" {inner.GetType().Name}: {inner.Message}";
        return new Status(CodeOf(exception), detail, exception);
    }

    private static StatusCode CodeOf(Exception exception)
    {
        var network = false;
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpProtocolException protocol) return FromHttp2(protocol.ErrorCode);
            network |= inner is SocketException or IOException;
        }
        return network ? StatusCode.Unavailable : StatusCode.Internal;
    }

    private static StatusCode FromHttp2(long error) => error switch
    {
        Http2RefusedStream => StatusCode.Unavailable,
        Http2Cancel => StatusCode.Cancelled,
        Http2EnhanceYourCalm => StatusCode.ResourceExhausted,
        Http2InadequateSecurity => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };

    private static StatusCode FromHttp(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    private static bool IsGrpc(string type) =>
        type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
        && (type.Length == "application/grpc".Length || type["application/grpc".Length] is '+' or ';');
}
