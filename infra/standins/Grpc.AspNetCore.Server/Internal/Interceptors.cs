using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

// Wraps the innermost handler of a method once, when it is mapped; the interceptors themselves are made for each call.
internal sealed class InterceptorStep(InterceptorRegistration registration, IGrpcInterceptorActivator activator)
{
    public static IEnumerable<InterceptorStep> InnermostFirst(CallSettings settings) =>
        settings.Interceptors.Reverse().Select(r => new InterceptorStep(r, (IGrpcInterceptorActivator)settings.Services
            .GetRequiredService(typeof(IGrpcInterceptorActivator<>).MakeGenericType(r.Type))));

    public UnaryServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(UnaryServerMethod<TRequest, TResponse> next)
        where TRequest : class where TResponse : class => async (request, context) =>
    {
        await using var interceptor = Lease(context);
        return await interceptor.Instance.UnaryServerHandler(request, context, next);
    };

    public ClientStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(ClientStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class where TResponse : class => async (input, context) =>
    {
        await using var interceptor = Lease(context);
        return await interceptor.Instance.ClientStreamingServerHandler(input, context, next);
    };

    public ServerStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(ServerStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class where TResponse : class => async (request, output, context) =>
    {
        await using var interceptor = Lease(context);
        await interceptor.Instance.ServerStreamingServerHandler(request, output, context, next);
    };

    public DuplexStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(DuplexStreamingServerMethod<TRequest, TResponse> next)
        where TRequest : class where TResponse : class => async (input, output, context) =>
    {
        await using var interceptor = Lease(context);
        await interceptor.Instance.DuplexStreamingServerHandler(input, output, context, next);
    };

    private Leased Lease(ServerCallContext context) =>
        new(activator, activator.Create(context.GetHttpContext().RequestServices, registration));

    private readonly struct Leased(IGrpcInterceptorActivator activator, GrpcActivatorHandle<Interceptor> handle) : IAsyncDisposable
    {
        public Interceptor Instance => handle.Instance;

        public ValueTask DisposeAsync() => activator.ReleaseAsync(handle);
    }
}
