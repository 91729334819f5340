using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Grpc.Net.ClientFactory;

/// <summary>How a registered client is made.</summary>
public class GrpcClientFactoryOptions
{
    /// <summary>The address that the client calls.</summary>
    public Uri? Address { get; set; }

    /// <summary>Run on the options of the client's channel before it is made.</summary>
    public IList<Action<GrpcChannelOptions>> ChannelOptionsActions { get; } = [];

    /// <summary>Run on the options of every call.</summary>
    public IList<Action<CallOptionsContext>> CallOptionsActions { get; } = [];

    /// <summary>Interceptors given as they are; made by the caller.</summary>
    public IList<Interceptor> Interceptors { get; } = [];

    /// <summary>Interceptors made for the channel or for each client.</summary>
    public IList<InterceptorRegistration> InterceptorRegistrations { get; } = [];

    /// <summary>Makes the client; by default, its constructor with a <see cref="CallInvoker"/> does.</summary>
    public Func<CallInvoker, object>? Creator { get; set; }

    internal bool HasCallCredentials { get; set; }
}

/// <summary>The options of a call that is about to be made.</summary>
public sealed class CallOptionsContext
{
    internal CallOptionsContext(CallOptions options, IServiceProvider services) => (CallOptions, ServiceProvider) = (options, services);

    /// <summary>The call's options; set them to change them.</summary>
    public CallOptions CallOptions { get; set; }

    /// <summary>The services of the scope that the client was made in.</summary>
    public IServiceProvider ServiceProvider { get; }
}

/// <summary>How long an interceptor lives.</summary>
public enum InterceptorScope
{
    /// <summary>Made once, shared by all clients of the channel.</summary>
    Channel,
    /// <summary>Made for each client.</summary>
    Client,
}

/// <summary>An interceptor to make.</summary>
public class InterceptorRegistration(InterceptorScope scope, Func<IServiceProvider, Interceptor> creator)
{
    /// <summary>How long the interceptor lives.</summary>
    public InterceptorScope Scope { get; } = scope;

    /// <summary>Makes the interceptor.</summary>
    public Func<IServiceProvider, Interceptor> Creator { get; } = creator;
}
