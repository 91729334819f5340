using Grpc.AspNetCore.Server.Internal;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

public interface IGrpcServerBuilder
{
    IServiceCollection Services { get; }
}

public interface IServerCallContextFeature
{
    ServerCallContext ServerCallContext { get; }
}

public readonly struct GrpcActivatorHandle<T>(T instance, bool created, object? state)
{
    public T Instance { get; } = instance;

    public bool Created { get; } = created;

    public object? State { get; } = state;
}

public interface IGrpcServiceActivator<TGrpcService> where TGrpcService : class
{
    GrpcActivatorHandle<TGrpcService> Create(IServiceProvider serviceProvider);

    ValueTask ReleaseAsync(GrpcActivatorHandle<TGrpcService> service);
}

public interface IGrpcInterceptorActivator
{
    GrpcActivatorHandle<Interceptor> Create(IServiceProvider serviceProvider, InterceptorRegistration interceptorRegistration);

    ValueTask ReleaseAsync(GrpcActivatorHandle<Interceptor> interceptor);
}

public interface IGrpcInterceptorActivator<TInterceptor> : IGrpcInterceptorActivator where TInterceptor : Interceptor
{
}

public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
{
    public Type ServiceType { get; } = serviceType ?? throw new ArgumentNullException(nameof(serviceType));

    public IMethod Method { get; } = method ?? throw new ArgumentNullException(nameof(method));
}

internal sealed class ServerBuilder(IServiceCollection services) : IGrpcServerBuilder
{
    public IServiceCollection Services { get; } = services;
}

// What the container knows is the container's to dispose; what is made here is disposed when the call ends.
internal sealed class ServiceActivator<TGrpcService> : IGrpcServiceActivator<TGrpcService> where TGrpcService : class
{
    private static readonly Lazy<ObjectFactory<TGrpcService>> Factory = new(() => ActivatorUtilities.CreateFactory<TGrpcService>([]));

    public GrpcActivatorHandle<TGrpcService> Create(IServiceProvider serviceProvider) =>
        serviceProvider.GetService<TGrpcService>() is { } known
            ? new(known, created: false, state: null)
            : new(Factory.Value(serviceProvider, []), created: true, state: null);

    public ValueTask ReleaseAsync(GrpcActivatorHandle<TGrpcService> service) =>
        service.Created ? Disposal.DisposeAsync(service.Instance) : default;
}

internal sealed class InterceptorActivator<TInterceptor> : IGrpcInterceptorActivator<TInterceptor> where TInterceptor : Interceptor
{
    public GrpcActivatorHandle<Interceptor> Create(IServiceProvider serviceProvider, InterceptorRegistration interceptorRegistration)
    {
        var shared = interceptorRegistration.Arguments.Count == 0 ? serviceProvider.GetService<TInterceptor>() : null;
        return shared is null
            ? new((Interceptor)interceptorRegistration.CreateInstance(serviceProvider), created: true, state: null)
            : new(shared, created: false, state: null);
    }

    public ValueTask ReleaseAsync(GrpcActivatorHandle<Interceptor> interceptor) =>
        interceptor.Created ? Disposal.DisposeAsync(interceptor.Instance) : default;
}
