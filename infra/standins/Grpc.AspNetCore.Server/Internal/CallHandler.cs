using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Grpc.AspNetCore.Server.Internal;

// Runs the calls of one method, from the request to the status.
internal abstract class CallHandler<TService, TRequest, TResponse>(Method<TRequest, TResponse> method, CallSettings<TService> settings)
    where TService : class where TRequest : class where TResponse : class
{
    protected CallSettings<TService> Settings => settings;

    protected Func<DeserializationContext, TRequest> Deserializer { get; } = method.RequestMarshaller.ContextualDeserializer;

    protected Action<TResponse, SerializationContext> Serializer { get; } = method.ResponseMarshaller.ContextualSerializer;

    public Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        if (!Protocol.IsGrpc(request.ContentType)) return RefuseContentType(http);
        return HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol)
            ? RunAsync(new ServerCall(http, settings))
            : RefuseProtocol(http);
    }

    protected abstract ValueTask InvokeAsync(ServerCall call);

    protected GrpcActivatorHandle<TService> Activate(HttpContext http) =>
        settings.SuppressCreatingService ? default : settings.Activator.Create(http.RequestServices);

    protected ValueTask ReleaseAsync(GrpcActivatorHandle<TService> service) =>
        service.Instance is null ? default : settings.Activator.ReleaseAsync(service);

    // The answer of a call that has one, flushed with the trailers when the call ends.
    protected async ValueTask RespondAsync(ServerCall call, TResponse? response)
    {
        if (response is null) throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));
        if (call.DeadlinePassed) return;
        var http = call.Http.Response;
        // before the first write to the body, which would else count as not started when the trailers are due
        if (!http.HasStarted) await http.StartAsync();
        MessageWriter.Write(call, http.BodyWriter, response, Serializer);
    }

    // A stream may be idle or large for as long as its call lasts.
    protected static void LiftRequestLimits(HttpContext http)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    protected static void LiftRequestTimeout(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestTimeoutFeature>() is not { } timeout) return;
        var wanted = http.GetEndpoint()?.Metadata;
        if (wanted?.GetMetadata<RequestTimeoutAttribute>() is null && wanted?.GetMetadata<RequestTimeoutPolicy>() is null)
            timeout.DisableTimeout();
    }

    private async Task RunAsync(ServerCall call)
    {
        try
        {
            call.Begin();
            await InvokeAsync(call);
            await call.EndAsync();
        }
        catch (Exception e)
        {
            await call.FailAsync(e, method.Name);
        }
    }

    private Task RefuseContentType(HttpContext http)
    {
        var preflight = Protocol.IsPreflight(http.Request);
        var type = http.Request.ContentType;
        Log.UnsupportedContentType(settings.Logger, type);
        if (preflight) http.Response.Headers.Allow = HttpMethods.Post;
        return Refuse(http.Response,
            preflight ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status415UnsupportedMediaType,
            preflight ? "Unhandled CORS preflight request received. CORS may not be configured correctly in the application."
            : type is null ? "Content-Type is missing from the request."
            : $"Content-Type '{type}' is not supported.");
    }

    private Task RefuseProtocol(HttpContext http)
    {
        Log.UnsupportedProtocol(settings.Logger, http.Request.Protocol);
        http.Response.Headers.Upgrade = HttpProtocol.Http2;
        return Refuse(http.Response, StatusCodes.Status426UpgradeRequired, $"Request protocol '{http.Request.Protocol}' is not supported.");
    }

    private static Task Refuse(HttpResponse response, int httpStatus, string why)
    {
        response.StatusCode = httpStatus;
        Protocol.SetStatus(response.Headers, new Status(StatusCode.Internal, why));
        return Task.CompletedTask;
    }
}
