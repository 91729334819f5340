using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks.Internal;

// Runs the checks for Check and for the first answer of Watch (unless told to use what was published); later answers of
// Watch follow the publisher.
internal sealed class HealthService(
    HealthServiceImpl published,
    HealthCheckService checks,
    IOptions<HealthCheckOptions> checkOptions,
    IOptions<GrpcHealthChecksOptions> options,
    IHostApplicationLifetime lifetime) : Health.V1.Health.HealthBase
{
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (options.Value.UseHealthChecksCache) return await published.Check(request, context);
        var status = await RunAsync(request.Service, context.CancellationToken);
        return status is { } known
            ? new HealthCheckResponse { Status = known }
            : throw new RpcException(new Status(StatusCode.NotFound, ""));
    }

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        var output = options.Value.UseHealthChecksCache ? responseStream : new FreshFirst(this, request.Service, responseStream, context);
        if (options.Value.SuppressCompletionOnShutdown)
        {
            await published.Watch(request, output, context);
            return;
        }
        // an open stream would keep the server from stopping
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        await published.Watch(request, output, new EndingContext(context, ended.Token));
        if (!context.CancellationToken.IsCancellationRequested && lifetime.ApplicationStopping.IsCancellationRequested)
            await responseStream.WriteAsync(new HealthCheckResponse { Status = ServingStatus.NotServing });
    }

    // Null: no such service is mapped.
    private async Task<ServingStatus?> RunAsync(string service, CancellationToken cancellation)
    {
        if (options.Value.Services.Find(service) is not { } mapping) return null;
        var wanted = checkOptions.Value.Predicate;
        var report = await checks.CheckHealthAsync(
            check => wanted?.Invoke(check) != false && mapping.Includes(check.Name, check.Tags), cancellation);
        return Statuses.Of(report.Entries.Values);
    }

    private sealed class FreshFirst(
        HealthService service, string name, IServerStreamWriter<HealthCheckResponse> inner, ServerCallContext context)
        : IServerStreamWriter<HealthCheckResponse>
    {
        private bool _started;

        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public async Task WriteAsync(HealthCheckResponse message)
        {
            if (!_started)
            {
                _started = true;
                var status = await service.RunAsync(name, context.CancellationToken);
                message = new HealthCheckResponse { Status = status ?? ServingStatus.ServiceUnknown };
            }
            await inner.WriteAsync(message);
        }
    }
}
