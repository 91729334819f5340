using System.Collections.ObjectModel;
using System.IO.Compression;
using Grpc.Core.Interceptors;
using Grpc.Net.Compression;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

public class GrpcServiceOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    private int? _maxSend;
    private int? _maxReceive;
    private bool _maxSendSpecified;
    private bool _maxReceiveSpecified;

    public int? MaxSendMessageSize
    {
        get => _maxSend;
        set => (_maxSend, _maxSendSpecified) = (value, true);
    }

    // whether null means "no limit" or "as configured above"
    public bool MaxSendMessageSizeSpecified
    {
        get => _maxSendSpecified;
        set => (_maxSend, _maxSendSpecified) = (value ? _maxSend : null, value);
    }

    public int? MaxReceiveMessageSize
    {
        get => _maxReceive;
        set => (_maxReceive, _maxReceiveSpecified) = (value, true);
    }

    public bool MaxReceiveMessageSizeSpecified
    {
        get => _maxReceiveSpecified;
        set => (_maxReceive, _maxReceiveSpecified) = (value ? _maxReceive : null, value);
    }

    public bool? EnableDetailedErrors { get; set; }

    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    public IList<ICompressionProvider> CompressionProviders { get; set; } = [];

    public bool? IgnoreUnknownServices { get; set; }

    public InterceptorCollection Interceptors { get; } = [];

    public bool SuppressCreatingService { get; set; }

    internal void ApplyDefaults()
    {
        if (!_maxReceiveSpecified) _maxReceive = DefaultMaxReceiveMessageSize;
        if (CompressionProviders.Count > 0) return;
        CompressionProviders.Add(new GzipCompressionProvider(CompressionLevel.Fastest));
        CompressionProviders.Add(new DeflateCompressionProvider(CompressionLevel.Fastest));
    }

    // Interceptors and SuppressCreatingService are not copied: a service adds to the former and decides the latter itself.
    internal void CopyFrom(GrpcServiceOptions other)
    {
        (_maxSend, _maxSendSpecified) = (other._maxSend, other._maxSendSpecified);
        (_maxReceive, _maxReceiveSpecified) = (other._maxReceive, other._maxReceiveSpecified);
        EnableDetailedErrors = other.EnableDetailedErrors;
        ResponseCompressionAlgorithm = other.ResponseCompressionAlgorithm;
        ResponseCompressionLevel = other.ResponseCompressionLevel;
        CompressionProviders = other.CompressionProviders;
        IgnoreUnknownServices = other.IgnoreUnknownServices;
    }
}

public class GrpcServiceOptions<TService> : GrpcServiceOptions where TService : class
{
}

public class InterceptorCollection : Collection<InterceptorRegistration>
{
    public void Add<TInterceptor>(params object[] args) where TInterceptor : Interceptor => Add(typeof(TInterceptor), args);

    public void Add(Type interceptorType, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(interceptorType);
        if (!interceptorType.IsSubclassOf(typeof(Interceptor)))
            throw new ArgumentException($"Type must inherit from {typeof(Interceptor).FullName}.", nameof(interceptorType));
        Add(new InterceptorRegistration(interceptorType, args));
    }
}

public class InterceptorRegistration
{
    private readonly object[] _arguments;
    private readonly Lazy<ObjectFactory> _factory;

    internal InterceptorRegistration(Type type, object[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (Array.Exists(arguments, a => a is null))
            throw new ArgumentException("Null interceptor arguments are not supported.", nameof(arguments));
        (Type, _arguments) = (type, arguments);
        _factory = new(() => ActivatorUtilities.CreateFactory(Type, Array.ConvertAll(_arguments, a => a.GetType())));
    }

    public Type Type { get; }

    public IReadOnlyList<object> Arguments => _arguments;

    internal object CreateInstance(IServiceProvider services) => _factory.Value(services, _arguments);
}
