using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Metering.Kernel.Hosting;
using Metering.Kernel.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.Reservations.Tests.Services;

/// <summary>One instance of the service on a free port, over streams in memory; its clients talk to it over real HTTP/2.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GrpcChannel channel;

    private Instance(WebApplication app)
    {
        this.app = app;
        channel = GrpcChannel.ForAddress(app.Urls.Single());
        Reservations = new(channel);
        Accounts = new(channel);
        Catalog = new(channel);
    }

    public V1.Reservations.ReservationsClient Reservations { get; }
    public V1.Accounts.AccountsClient Accounts { get; }
    public V1.Catalog.CatalogClient Catalog { get; }
    public IServiceProvider Services => app.Services;

    public static async Task<Instance> Start(IEventStreams streams, TimeProvider clock, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration[Drain.Setting] = "00:00:10";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(clock).AddSingleton(streams).AddReservations(builder.Configuration).AddDrain(builder.Configuration);
        // a defect says what it is
        builder.Services.Configure<GrpcServiceOptions>(grpc => grpc.EnableDetailedErrors = true);
        var app = builder.Build();
        app.UseDrain();
        app.MapReservations();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>As SIGTERM does it.</summary>
    public Task Stop()
    {
        app.Lifetime.StopApplication();
        return app.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await app.DisposeAsync();
    }
}
