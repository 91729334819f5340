using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Kernel.Hosting;

/// <summary>Where a host listens: gRPC (HTTP/2 without TLS) at <c>Urls</c>, health over HTTP/1.1 at <c>HealthUrls</c>.</summary>
public static class Endpoints
{
    public const string Grpc = "Urls";
    public const string Health = "HealthUrls";

    /// <summary>Listens as configured; port 0 takes a free one.</summary>
    /// <exception cref="InvalidOperationException">An address is malformed or not of this machine's loopback: there is no access control yet.</exception>
    public static void ListenOnLoopback(this WebApplicationBuilder builder)
    {
        var grpcAt = Parse(Grpc, builder.Configuration[Grpc]);
        var healthAt = builder.Configuration[Health] is { Length: > 0 } url ? Parse(Health, url) : null;
        builder.Configuration[Grpc] = null; // listened on below, with its protocol
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1_000;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * 1024 * 1024;
            kestrel.Listen(grpcAt, listen => listen.Protocols = HttpProtocols.Http2);
            if (healthAt is not null) kestrel.Listen(healthAt, listen => listen.Protocols = HttpProtocols.Http1);
        });
    }

    /// <summary>The address at which this process serves gRPC, once it has started.</summary>
    public static Uri GrpcAddress(this IServiceProvider services) =>
        new(services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    private static IPEndPoint Parse(string setting, string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            throw new InvalidOperationException($"{setting} is '{url}'; expected an address like http://127.0.0.1:5100");
        var address = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.DnsSafeHost, out var parsed) ? parsed : null;
        return address is not null && IPAddress.IsLoopback(address)
            ? new IPEndPoint(address, uri.Port)
            : throw new InvalidOperationException($"{setting} is '{url}'; expected a loopback address: this host has no access control yet");
    }
}
