using System.Net;
using System.Threading.Channels;
using Grpc.Net.Client;
using MassTransit;
using Metering.Contracts.Messages;
using Metering.Kernel.Hosting;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.Balances.Tests;

/// <summary>The whole service in this process, over a real connection, a real bus and streams in memory.</summary>
internal sealed class InProcess : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GrpcChannel channel;

    private InProcess(WebApplication app)
    {
        this.app = app;
        channel = GrpcChannel.ForAddress(app.Services.GrpcAddress());
        Client = new V1.Balances.BalancesClient(channel);
    }

    public V1.Balances.BalancesClient Client { get; }

    public IServiceProvider Services => app.Services;

    public IReadModel Model => Services.GetRequiredKeyedService<IReadModel>("balances");

    public Projector Projector(string name = "balances") => Services.GetRequiredKeyedService<Projector>(name);

    /// <summary>Starts over a store; <paramref name="accounts"/> answers the closer; <paramref name="readModels"/> is the setting.</summary>
    public static async Task<InProcess> Start(IEventStreams streams, TimeProvider time, ClosingAccounts accounts, Ear ear, string readModels)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Configuration["ReadModels"] = readModels;
        builder.Configuration["Balances:ClosingEvery"] = "00:00:00.020";
        builder.Services.AddSingleton(streams).AddSingleton(time).AddSingleton(ear).AddSingleton(accounts).AddBalances(builder.Configuration);
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddConsumer<Ear.Listener>();
            bus.UsingInMemory((context, transport) =>
            {
                transport.ConfigurePublish(pipe => pipe.UseExecute(_ => ear.Fail()));
                transport.ConfigureEndpoints(context);
            });
        });
        var app = builder.Build();
        app.MapBalances();
        app.MapGrpcService<ClosingAccounts>();
        await app.StartAsync();
        return new InProcess(app);
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await app.DisposeAsync();
    }
}

/// <summary>What the bus carried, in the order in which it arrived.</summary>
internal sealed class Ear
{
    private readonly Channel<(Guid? Id, object Message)> heard = Channel.CreateUnbounded<(Guid?, object)>();
    private int failures;

    /// <summary>The next so many publishes fail.</summary>
    public void FailNext(int times) => failures = times;

    public void Fail()
    {
        if (Interlocked.Decrement(ref failures) >= 0) throw new InvalidOperationException("the bus is away");
    }

    public ValueTask<(Guid? Id, object Message)> Next(CancellationToken cancellation) => heard.Reader.ReadAsync(cancellation);

    public sealed class Listener(Ear ear) : IConsumer<PeriodEnded>, IConsumer<PeriodClosed>
    {
        public Task Consume(ConsumeContext<PeriodEnded> context) => Hear(context.MessageId, context.Message);
        public Task Consume(ConsumeContext<PeriodClosed> context) => Hear(context.MessageId, context.Message);

        private async Task Hear(Guid? id, object message) => await ear.heard.Writer.WriteAsync((id, message));
    }
}
