namespace Grpc.Net.ClientFactory;

/// <summary>Makes the clients that were registered with <c>AddGrpcClient</c>.</summary>
public abstract class GrpcClientFactory
{
    /// <summary>A client with the settings that were registered under the name.</summary>
    public abstract TClient CreateClient<TClient>(string name) where TClient : class;
}
