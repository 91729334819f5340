using Grpc.Core;
using Grpc.Net.Client.Internal;

namespace Grpc.Net.Client;

/// <summary>Calls the gRPC services at one address over HTTP/2.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly ChannelSettings _settings;
    private readonly ActiveCalls _active = new();

    private GrpcChannel(Uri address, GrpcChannelOptions options) : base(address.Authority) =>
        _settings = new ChannelSettings(address, options);

    /// <summary>A channel to the address with default options.</summary>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to the address.</summary>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) =>
        ForAddress(new Uri(address), channelOptions);

    /// <summary>A channel to the address with default options.</summary>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to the address.</summary>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    /// <inheritdoc />
    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_active.Closed, this);
        return new ChannelInvoker(_settings, _active);
    }

    /// <summary>Ends the calls in progress and closes the connections that the channel owns.</summary>
    public void Dispose()
    {
        if (!_active.Close()) return;
        if (_settings.OwnsInvoker) _settings.Invoker.Dispose();
    }
}
