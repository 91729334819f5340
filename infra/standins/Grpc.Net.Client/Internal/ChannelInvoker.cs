using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Starts calls on a channel.</summary>
internal sealed class ChannelInvoker(ChannelSettings settings, ActiveCalls active) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using var call = Create(method, options);
        return call.StartUnary(request).GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Create(method, options);
        return new AsyncUnaryCall<TResponse>(call.StartUnary(request), Call.HeadersAsync, Call.GetStatus, Call.GetTrailers, Call.Dispose, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Create(method, options);
        var (requests, response) = call.StartClientStreaming();
        return new AsyncClientStreamingCall<TRequest, TResponse>(requests, response, Call.HeadersAsync, Call.GetStatus, Call.GetTrailers, Call.Dispose, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Create(method, options);
        return new AsyncServerStreamingCall<TResponse>(call.StartServerStreaming(request), Call.HeadersAsync, Call.GetStatus, Call.GetTrailers, Call.Dispose, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Create(method, options);
        var (requests, responses) = call.StartDuplexStreaming();
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(requests, responses, Call.HeadersAsync, Call.GetStatus, Call.GetTrailers, Call.Dispose, call);
    }

    private TypedCall<TRequest, TResponse> Create<TRequest, TResponse>(Method<TRequest, TResponse> method, CallOptions options)
        where TRequest : class
        where TResponse : class => new(settings, active, method, options);
}
