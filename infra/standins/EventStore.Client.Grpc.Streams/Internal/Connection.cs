using System.Net;
using EventStore.Client.Wire;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EventStore.Client;

/// <summary>A node that answered, and whether it takes appends over one shared stream.</summary>
internal sealed record Node(CallInvoker Invoker, bool TakesBatches);

/// <summary>
/// The node that a client's calls share. It is chosen when the client is made; when a call finds it lost or no longer leading, it is chosen
/// anew, once for all calls. While none is found, calls wait and fail together, and the search goes on after each discovery interval.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly EventStoreClientSettings _settings;
    private readonly string _name;
    private readonly Channels _channels;
    private readonly CancellationTokenSource _closed = new();
    private TaskCompletionSource<Node> _current = New();

    public Connection(EventStoreClientSettings settings, string name)
    {
        (_settings, _name, _channels) = (settings, name, new Channels(settings));
        _ = Fill(_current, leader: null);
    }

    public Task<Node> Current => Volatile.Read(ref _current).Task;

    public void Dispose()
    {
        _closed.Cancel();
        _channels.Dispose();
    }

    private static TaskCompletionSource<Node> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Replace(TaskCompletionSource<Node> broken, DnsEndPoint? leader)
    {
        var next = New();
        if (broken.Task.IsCompleted && Interlocked.CompareExchange(ref _current, next, broken) == broken) _ = Fill(next, leader);
    }

    private async Task Fill(TaskCompletionSource<Node> box, DnsEndPoint? leader)
    {
        try
        {
            box.TrySetResult(await Open(box, leader).ConfigureAwait(false));
        }
        catch (Exception) when (_closed.IsCancellationRequested)
        {
            box.TrySetException(new ObjectDisposedException(nameof(EventStoreClient)));
        }
        catch (Exception failure)
        {
            await Task.Delay(_settings.ConnectivitySettings.DiscoveryInterval).ConfigureAwait(false);
            box.TrySetException(failure);
            _ = box.Task.Exception;
            Replace(box, leader: null);
        }
    }

    private async Task<Node> Open(TaskCompletionSource<Node> box, DnsEndPoint? leader)
    {
        var node = leader ?? await Find().ConfigureAwait(false);
        var invoker = _channels.Of(node).CreateCallInvoker().Intercept(new CallRules(_name, reason => Replace(box, reason.Leader)));
        foreach (var interceptor in _settings.Interceptors ?? []) invoker = invoker.Intercept(interceptor);
        return new Node(invoker, await TakesBatches(invoker).ConfigureAwait(false));
    }

    private Task<DnsEndPoint> Find() => _settings.ConnectivitySettings.IsSingleNode
        ? Task.FromResult(_settings.ConnectivitySettings.Single)
        : new Discovery(_settings, _channels).Find(_closed.Token);

    private async Task<bool> TakesBatches(CallInvoker invoker)
    {
        try
        {
            using var call = new ServerFeatures.ServerFeaturesClient(invoker).GetSupportedMethodsAsync(
                new Empty(), CallSettings.Of(_settings, _settings.ConnectivitySettings.GossipTimeout, null, _closed.Token));
            var supported = await call.ResponseAsync.ConfigureAwait(false);
            return supported.Methods.Any(method =>
                (method.ServiceName, method.MethodName) == ("event_store.client.streams.streams", "batchappend"));
        }
        catch (RpcException old) when (old.StatusCode == StatusCode.Unimplemented)
        {
            return false;
        }
    }
}
