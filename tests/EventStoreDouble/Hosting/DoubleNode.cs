using System.Collections.Concurrent;
using System.Net;
using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.EventStoreDouble.Hosting;

/// <summary>One node of a double: it can stop, and come back on the same port.</summary>
public sealed class DoubleNode
{
    private const int MaxMessageBytes = 17 << 20;

    private readonly DoubleCluster _cluster;
    private readonly ConcurrentDictionary<ConnectionContext, bool> _connections = [];
    private WebApplication? _app;

    internal DoubleNode(DoubleCluster cluster, int port) =>
        (_cluster, Port, Id) = (cluster, port, Guid.CreateVersion7(cluster.Options.Time.GetUtcNow()));

    public int Port { get; }
    public Guid Id { get; }
    public bool IsRunning => _app is not null;
    public bool IsLeader => _cluster.Leader == this;

    internal DoubleCluster Cluster => _cluster;
    internal DoubleOptions Options => _cluster.Options;
    internal Log Log => _cluster.Log;

    /// <summary>Takes calls when this returns. Nothing happens if the node runs.</summary>
    public async Task Start()
    {
        if (_app is not null) return;
        var app = Build();
        await app.StartAsync();
        _app = app;
    }

    /// <summary>Ends at once, as a killed process does: calls break off, then connections are refused.</summary>
    public async Task Stop()
    {
        if (_app is not { } app) return;
        _app = null;
        CutConnections();
        await app.DisposeAsync();
    }

    /// <summary>Breaks every connection to this node; new ones are taken.</summary>
    public void CutConnections()
    {
        foreach (var connection in _connections.Keys) connection.Abort();
    }

    private WebApplication Build()
    {
        // the empty builder: nothing from the environment may move it off its address
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, Port, Listen);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaxMessageBytes);
        builder.Services.AddSingleton(this);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        return Map(builder.Build());
    }

    private WebApplication Map(WebApplication app)
    {
        app.Use(new Authentication(Options.Credentials).Check);
        app.MapGrpcService<StreamsService>();
        app.MapGrpcService<GossipService>();
        app.MapGrpcService<ServerFeaturesService>();
        return app;
    }

    private void Listen(ListenOptions options)
    {
        options.Protocols = HttpProtocols.Http2;
        if (Options.Tls) options.UseHttps(Certificates.OfLoopback(Options.Time));
        options.Use(next => async connection =>
        {
            _connections.TryAdd(connection, true);
            await next(connection);
            _connections.TryRemove(connection, out _);
        });
    }
}
