using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Metering.Standins.Tests.Rpc;

/// <summary>The .NET server on a loopback port, with the probe that its service reports to.</summary>
internal sealed class InteropServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<GrpcChannel> _channels = [];

    private InteropServer(WebApplication app, Probe probe)
    {
        (_app, Probe) = (app, probe);
        Address = new Uri(app.Urls.Single());
    }

    public Probe Probe { get; }
    public Uri Address { get; }

    public static async Task<InteropServer> StartAsync(
        Action<GrpcServiceOptions>? grpc = null, Action<WebApplication>? configure = null, Action<ListenOptions>? listen = null, int failures = 0)
    {
        var probe = new Probe { Failures = failures };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => Listen(options, probe, listen)));
        AddServices(builder.Services, probe, grpc);
        var app = builder.Build();
        app.Use(ShowEncoding);
        configure?.Invoke(app);
        app.MapGrpcService<InteropService>();
        app.MapGrpcHealthChecksService();
        await app.StartAsync();
        return new InteropServer(app, probe);
    }

    public Wire.Interop.InteropClient Client(GrpcChannelOptions? options = null) => new(Channel(options));

    public GrpcChannel Channel(GrpcChannelOptions? options = null)
    {
        var channel = GrpcChannel.ForAddress(Address, options ?? new GrpcChannelOptions());
        _channels.Add(channel);
        return channel;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels) channel.Dispose();
        await _app.DisposeAsync();
    }

    private static void Listen(ListenOptions options, Probe probe, Action<ListenOptions>? configure)
    {
        options.Protocols = HttpProtocols.Http2;
        options.Use(next => connection =>
        {
            probe.Connected.TrySetResult(connection);
            return next(connection);
        });
        configure?.Invoke(options);
    }

    private static void AddServices(IServiceCollection services, Probe probe, Action<GrpcServiceOptions>? grpc)
    {
        services.AddSingleton(probe);
        services.AddGrpc(grpc ?? (_ => { }));
        services.AddGrpcHealthChecks().AddCheck("always", () => HealthCheckResult.Healthy());
        // no published health before the first report otherwise
        services.Configure<HealthCheckPublisherOptions>(options => options.Delay = TimeSpan.Zero);
    }

    // servers hide the protocol's own headers from services
    private static Task ShowEncoding(HttpContext context, Func<Task> next)
    {
        context.Request.Headers["seen-encoding"] = context.Request.Headers["grpc-encoding"];
        return next();
    }
}
