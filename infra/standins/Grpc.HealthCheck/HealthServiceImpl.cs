using System.Threading.Channels;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.HealthCheck;

public class HealthServiceImpl : Health.V1.Health.HealthBase
{
    // a watcher that does not read loses the oldest of its updates
    private const int MaxPendingUpdates = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ChannelWriter<ServingStatus>>> _watchers = new(StringComparer.Ordinal);

    public void SetStatus(string service, ServingStatus status)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_lock)
        {
            var before = Current(service);
            _statuses[service] = status;
            if (status != before) Notify(service, status);
        }
    }

    public void ClearStatus(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_lock)
        {
            if (_statuses.Remove(service, out var before) && before != ServingStatus.ServiceUnknown)
                Notify(service, ServingStatus.ServiceUnknown);
        }
    }

    public void ClearAll()
    {
        lock (_lock)
        {
            foreach (var service in _statuses.Keys.ToList()) ClearStatus(service);
        }
    }

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        lock (_lock)
            return _statuses.TryGetValue(request.Service, out var status)
                ? Task.FromResult(new HealthCheckResponse { Status = status })
                : throw new RpcException(new Status(StatusCode.NotFound, ""));
    }

    // Ends without an error when the caller goes away.
    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested) return;
        var updates = Channel.CreateBounded<ServingStatus>(
            new BoundedChannelOptions(MaxPendingUpdates) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
        var status = Subscribe(request.Service, updates.Writer);
        using var ended = context.CancellationToken.Register(() => Unsubscribe(request.Service, updates.Writer));
        await responseStream.WriteAsync(new HealthCheckResponse { Status = status }).ConfigureAwait(false);
        await foreach (var update in updates.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            await responseStream.WriteAsync(new HealthCheckResponse { Status = update }).ConfigureAwait(false);
    }

    private ServingStatus Subscribe(string service, ChannelWriter<ServingStatus> watcher)
    {
        lock (_lock)
        {
            if (!_watchers.TryGetValue(service, out var watchers)) _watchers[service] = watchers = [];
            watchers.Add(watcher);
            return Current(service);
        }
    }

    private void Unsubscribe(string service, ChannelWriter<ServingStatus> watcher)
    {
        lock (_lock)
        {
            if (_watchers.TryGetValue(service, out var watchers) && watchers.Remove(watcher) && watchers.Count == 0)
                _watchers.Remove(service);
        }
        watcher.TryComplete();
    }

    private ServingStatus Current(string service) => _statuses.GetValueOrDefault(service, ServingStatus.ServiceUnknown);

    private void Notify(string service, ServingStatus status)
    {
        if (!_watchers.TryGetValue(service, out var watchers)) return;
        foreach (var watcher in watchers) watcher.TryWrite(status);
    }
}
