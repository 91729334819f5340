using Grpc.AspNetCore.Server.Internal;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server.Model;

// The methods of generated bases, open in their first argument: each call has an instance of its own.
public delegate Task<TResponse> UnaryServerMethod<TService, TRequest, TResponse>(
    TService service, TRequest request, ServerCallContext serverCallContext);

public delegate Task<TResponse> ClientStreamingServerMethod<TService, TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> stream, ServerCallContext serverCallContext);

public delegate Task ServerStreamingServerMethod<TService, TRequest, TResponse>(
    TService service, TRequest request, IServerStreamWriter<TResponse> stream, ServerCallContext serverCallContext);

public delegate Task DuplexStreamingServerMethod<TService, TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> input, IServerStreamWriter<TResponse> output, ServerCallContext serverCallContext);

public interface IServiceMethodProvider<TService> where TService : class
{
    void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context);
}

public class ServiceMethodProviderContext<TService> where TService : class
{
    private readonly CallSettings<TService> _settings;

    internal ServiceMethodProviderContext(IServiceProvider services, object? argument)
    {
        _settings = new CallSettings<TService>(services);
        Argument = argument;
    }

    public object? Argument { get; }

    internal List<MappedMethod> Methods { get; } = [];

    internal bool IgnoreUnknownServices => _settings.IgnoreUnknownServices;

    internal bool IgnoreUnknownMethods => _settings.IgnoreUnknownMethods;

    public void AddUnaryMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata,
        UnaryServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class where TResponse : class =>
        Add(method, metadata, new UnaryHandler<TService, TRequest, TResponse>(method, _settings, invoker));

    public void AddServerStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata,
        ServerStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class where TResponse : class =>
        Add(method, metadata, new ServerStreamingHandler<TService, TRequest, TResponse>(method, _settings, invoker));

    public void AddClientStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata,
        ClientStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class where TResponse : class =>
        Add(method, metadata, new ClientStreamingHandler<TService, TRequest, TResponse>(method, _settings, invoker));

    public void AddDuplexStreamingMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, IList<object> metadata,
        DuplexStreamingServerMethod<TService, TRequest, TResponse> invoker)
        where TRequest : class where TResponse : class =>
        Add(method, metadata, new DuplexStreamingHandler<TService, TRequest, TResponse>(method, _settings, invoker));

    public void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, RoutePattern pattern, IList<object> metadata, RequestDelegate invoker)
        where TRequest : class where TResponse : class => Methods.Add(new MappedMethod(method, pattern, metadata, invoker));

    private void Add<TRequest, TResponse>(
        Method<TRequest, TResponse> method, IList<object> metadata, CallHandler<TService, TRequest, TResponse> handler)
        where TRequest : class where TResponse : class =>
        AddMethod(method, RoutePatternFactory.Parse(method.FullName), metadata, handler.HandleAsync);
}
