using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EventStore.Client;

/// <summary>Every call names its connection, fails with the exceptions of this package, and reports a lost node or leader.</summary>
internal sealed class CallRules(string connectionName, Action<Reconnection> report) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest,
            TResponse> continuation)
    {
        var call = continuation(request, Named(context));
        return new(Translated(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, Named(context));
        return new(new Reader<TResponse>(call.ResponseStream, this), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers,
            call.Dispose);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(Named(context));
        return new(new Writer<TRequest>(call.RequestStream, this), Translated(call.ResponseAsync), call.ResponseHeadersAsync,
            call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(Named(context));
        return new(new Writer<TRequest>(call.RequestStream, this), new Reader<TResponse>(call.ResponseStream, this),
            call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private ClientInterceptorContext<TRequest, TResponse> Named<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class where TResponse : class
    {
        context.Options.Headers?.Add(Names.ConnectionName, connectionName);
        return context;
    }

    private async Task<T> Translated<T>(Task<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Translated(failure);
        }
    }

    private Exception Translated(RpcException failure)
    {
        var meaning = CallErrors.Translate(failure);
        if (Reconnection.After(meaning) is { } reconnection) report(reconnection);
        return meaning;
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CallRules rules) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => rules.Translated(inner.MoveNext(cancellationToken));
    }

    private sealed class Writer<T>(IClientStreamWriter<T> inner, CallRules rules) : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => Done(inner.WriteAsync(message));

        public Task CompleteAsync() => Done(inner.CompleteAsync());

        private async Task Done(Task work)
        {
            try
            {
                await work.ConfigureAwait(false);
            }
            catch (RpcException failure)
            {
                throw rules.Translated(failure);
            }
        }
    }
}
