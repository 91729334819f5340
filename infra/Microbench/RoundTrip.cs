using BenchmarkDotNet.Attributes;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.Kernel.Hosting;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.Microbench;

/// <summary>
/// A unary call over loopback and back, one at a time, answered at once: what gRPC and the transport cost. Client and server are in this
/// process, so that allocations are those of both.
/// </summary>
public class RoundTrip
{
    private WebApplication server = null!;
    private GrpcChannel channel = null!;
    private Reservations.ReservationsClient client = null!;

    private readonly ReserveRequest request = new()
    {
        User = "user-1", CommandId = "01934567-89ab-7cde-8f01-23456789abcd",
        Lines = { new Line { Meter = "llm.tokens", Quantity = 1_000 } },
    };

    [GlobalSetup]
    public async Task Start()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration[Endpoints.Grpc] = "http://127.0.0.1:0";
        builder.ListenOnLoopback();
        builder.Services.AddGrpc();
        server = builder.Build();
        server.MapGrpcService<AtOnce>();
        await server.StartAsync();
        channel = GrpcChannel.ForAddress(server.Services.GrpcAddress());
        client = new(channel);
    }

    [Benchmark(Description = "gRPC round trip")]
    public async Task<ReserveReply> Call() => await client.ReserveAsync(request);

    [GlobalCleanup]
    public async Task Stop()
    {
        channel.Dispose();
        await server.DisposeAsync();
    }

    private sealed class AtOnce : Reservations.ReservationsBase
    {
        private static readonly Task<ReserveReply> Allowed = Task.FromResult(new ReserveReply { Allowed = true });

        public override Task<ReserveReply> Reserve(ReserveRequest request, ServerCallContext context) => Allowed;
    }
}
