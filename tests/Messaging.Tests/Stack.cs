using System.Net;
using Grpc.Net.Client;
using MassTransit;
using Metering.Balances.Publishing;
using Metering.BillingSync;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Cli;
using Metering.Kernel.Messaging;
using Metering.Kernel.Projecting;
using Metering.Kernel.Streams;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Metering.Messaging.Tests;

/// <summary>From ledgers to reports over a bus: the publisher, the bus, and BillingSync with its gRPC service, in this process.</summary>
internal sealed class Stack : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GrpcChannel channel;
    private bool hasEnded;

    private Stack(WebApplication app)
    {
        this.app = app;
        channel = GrpcChannel.ForAddress(app.Urls.Single());
        Ops = new(channel);
    }

    public BillingOps.BillingOpsClient Ops { get; }

    public Projector Publishing => app.Services.GetRequiredKeyedService<Projector>(Publisher.Name);

    public ReportSender Sender => app.Services.GetRequiredService<ReportSender>();

    /// <summary>What the streams hold of a user's reports.</summary>
    public Task<BillingState> StateOf(string user) =>
        BillingModel.Read(app.Services.GetRequiredService<IEventStreams>(), user, CancellationToken.None);

    public BillingView Billing => app.Services.GetRequiredService<BillingView>();

    public static async Task<Stack> Start(string bus, IEventStreams streams, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Configuration["Bus"] = bus;
        builder.Configuration["Stripe:ApiKey"] = "sk_test_unused";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton(streams).AddSingleton(TimeProvider.System).AddBillingSync(builder.Configuration)
            .AddProjector(
                builder.Configuration, Publisher.Schema, provider => Publisher.To(provider.GetRequiredService<IBus>(), TimeProvider.System))
            .AddBus(builder.Configuration, consumers => consumers.AddBillingSyncConsumers());
        var app = builder.Build();
        app.MapBillingSync();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Ends once the report of a user's ended period is planned.</summary>
    public Task Planned(string user, CancellationToken stop) => Billing.WaitFor(user, 1, stop);

    /// <summary>What the user's reports say, in order.</summary>
    public async Task<long[]> Reports(string user) =>
        [.. (await Ops.ListReportsAsync(new ListReportsRequest { User = user })).Reports.Select(report => report.Value)];

    public async Task<string> Health(string check)
    {
        var entry = (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries[check];
        return $"{entry.Status} {entry.Description}";
    }

    /// <summary>Runs the command on it.</summary>
    public async Task<(int Code, string Said)> Command(params string[] args)
    {
        using var said = new StringWriter();
        var code = await Tool.Run(["--server", app.Urls.Single(), .. args], said, said, TimeProvider.System);
        return (code, said.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (hasEnded) return;
        hasEnded = true;
        channel.Dispose();
        // as a program ends: a bus that is only disposed of may go on taking messages, without services to handle them
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
