using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Metering.Standins.Tests.Wire;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Standins.Tests.Rpc;

/// <summary>What surrounds calls: compression, interceptors, credentials, TLS, dependency injection, health.</summary>
internal sealed class AroundCallsTests
{
    private const int Size = 1_000_000;

    [Test]
    public async Task Requests_are_compressed_when_asked_to()
    {
        await using var server = await InteropServer.StartAsync();
        var wire = new Wiretap();
        using var call = server.Client(wire.Options()).Collect(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        await call.RequestStream.WriteAsync(new Packet { Payload = ByteString.CopyFrom(new byte[Size]) }).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That((await call.ResponseAsync.Soon()).Bytes, Is.EqualTo(Size));
        Assert.That(wire.Sent, Is.LessThan(Size / 10));
    }

    [Test]
    public async Task Requests_can_be_kept_from_being_compressed()
    {
        await using var server = await InteropServer.StartAsync();
        var wire = new Wiretap();
        using var call = server.Client(wire.Options()).Collect(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
        await call.RequestStream.WriteAsync(new Packet { Payload = ByteString.CopyFrom(new byte[Size]) }).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That((await call.ResponseAsync.Soon()).Bytes, Is.EqualTo(Size));
        Assert.That(wire.Sent, Is.GreaterThan(Size));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Responses_are_compressed_when_the_server_does(bool gzip)
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.ResponseCompressionAlgorithm = gzip ? "gzip" : null);
        var wire = new Wiretap();
        using var call = server.Client(wire.Options()).Expand(new Expansion { Count = 1, PayloadSize = Size });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That(call.ResponseStream.Current.Payload.Length, Is.EqualTo(Size));
        Assert.That(wire.Received, gzip ? Is.LessThan(Size / 10) : Is.GreaterThan(Size));
    }

    [Test]
    public async Task Interceptors_run_on_both_sides_in_order()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.Interceptors.Add<Stamping>());
        var invoker = server.Channel().Intercept(new Adding("1"), new Adding("2"));
        using var call = new Wire.Interop.InteropClient(invoker).EchoAsync(new Packet());
        await call.ResponseAsync.Soon();
        Assert.That(call.GetTrailers().GetValue("stamp"), Is.EqualTo("12"));
    }

    [Test]
    public async Task A_server_interceptor_may_refuse()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.Interceptors.Add<Stamping>());
        var error = await server.Client().EchoAsync(new Packet(), new Metadata { { "refuse", "me" } }).ResponseAsync.Failure();
        Assert.That(error.Status, Is.EqualTo(new Status(StatusCode.PermissionDenied, "me")));
        Assert.That(server.Probe.Executed, Is.Zero);
    }

    [Test]
    public async Task Server_interceptors_see_streams_too()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.Interceptors.Add<Stamping>());
        using var call = server.Client().Chat(new Metadata { { "mark", "stream" } });
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False);
        Assert.That(call.GetTrailers().GetValue("stamp"), Is.EqualTo("stream"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_credentials_go_without_TLS_only_when_told_to(bool told)
    {
        await using var server = await InteropServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = told });
        using var call = client.EchoAsync(new Packet(), new CallOptions(credentials: Credentials("secret")));
        var headers = await call.ResponseHeadersAsync.Soon();
        Assert.That(headers.GetValue("echo-text"), told ? Is.EqualTo("secret") : Is.Null);
    }

    [Test]
    public async Task Channel_and_call_credentials_go_over_TLS()
    {
        using var certificate = SelfSigned();
        await using var server = await InteropServer.StartAsync(listen: options => options.UseHttps(certificate));
        var client = server.Client(new GrpcChannelOptions
        {
            HttpHandler = Trusting(certificate),
            DisposeHttpClient = true,
            Credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, Credentials("over TLS")),
        });
        using var call = client.EchoAsync(new Packet { Text = "safe" });
        Assert.That((await call.ResponseHeadersAsync.Soon()).GetValue("echo-text"), Is.EqualTo("over TLS"));
        Assert.That((await call.ResponseAsync.Soon()).Text, Is.EqualTo("safe"));
    }

    [Test]
    public async Task A_certificate_that_is_not_trusted_is_UNAVAILABLE_or_INTERNAL()
    {
        using var certificate = SelfSigned();
        await using var server = await InteropServer.StartAsync(listen: options => options.UseHttps(certificate));
        var error = await server.Client().EchoAsync(new Packet()).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.AnyOf(StatusCode.Unavailable, StatusCode.Internal));
        Assert.That(server.Probe.Executed, Is.Zero);
    }

    [Test]
    public void Credentials_must_fit_the_address()
    {
        var secure = new GrpcChannelOptions { Credentials = ChannelCredentials.SecureSsl };
        var insecure = new GrpcChannelOptions { Credentials = ChannelCredentials.Insecure };
        Assert.That(() => GrpcChannel.ForAddress("http://localhost", secure), Throws.InvalidOperationException);
        Assert.That(() => GrpcChannel.ForAddress("https://localhost", insecure), Throws.InvalidOperationException);
        using var fits = GrpcChannel.ForAddress("http://localhost:5001", insecure);
        Assert.That(fits.Target, Is.EqualTo("localhost:5001"));
    }

    [Test]
    public async Task An_HttpClient_can_be_brought_along()
    {
        await using var server = await InteropServer.StartAsync();
        using var http = new HttpClient();
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpClient = http });
        using var call = new Wire.Interop.InteropClient(channel).Expand(new Expansion { Count = 1, Stay = true });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True, "a response is not waited for as a whole");
    }

    [Test]
    public async Task Clients_come_from_the_container()
    {
        await using var server = await InteropServer.StartAsync();
        var services = new ServiceCollection();
        services.AddGrpcClient<Wire.Interop.InteropClient>(options => options.Address = server.Address);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<Wire.Interop.InteropClient>();
        Assert.That((await client.EchoAsync(new Packet { Text = "injected" }).ResponseAsync.Soon()).Text, Is.EqualTo("injected"));
    }

    [Test]
    public async Task Registered_clients_are_configured_by_name()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.Interceptors.Add<Stamping>());
        var handlers = 0;
        var services = new ServiceCollection();
        services.AddSingleton(new Adding("c"));
        services.AddGrpcClient<Wire.Interop.InteropClient>("named", (_, options) => options.Address = server.Address)
            .ConfigureChannel(options => options.UnsafeUseInsecureChannelCallCredentials = true)
            .ConfigureChannel((_, options) => options.MaxSendMessageSize = 500)
            .ConfigurePrimaryHttpMessageHandler(() => { handlers++; return new SocketsHttpHandler(); })
            .AddInterceptor<Adding>()
            .AddInterceptor(InterceptorScope.Client, () => new Adding("i"))
            .AddCallCredentials((_, metadata) => { metadata.Add("echo-text", "credential"); return Task.CompletedTask; });
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<GrpcClientFactory>().CreateClient<Wire.Interop.InteropClient>("named");
        using var call = client.EchoAsync(new Packet());
        Assert.That((await call.ResponseHeadersAsync.Soon()).GetValue("echo-text"), Is.EqualTo("credential"));
        await call.ResponseAsync.Soon();
        Assert.That(call.GetTrailers().GetValue("stamp"), Is.EqualTo("ic"));
        var large = new Packet { Payload = ByteString.CopyFrom(new byte[501]) };
        Assert.That((await client.EchoAsync(large).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(handlers, Is.EqualTo(1));
    }

    [Test]
    public void A_client_that_was_not_registered_is_not_made()
    {
        var services = new ServiceCollection();
        services.AddGrpcClient<Health.HealthClient>("health", options => options.Address = new Uri("http://localhost"));
        using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<GrpcClientFactory>();
        Assert.That(() => factory.CreateClient<Wire.Interop.InteropClient>("interop"), Throws.InvalidOperationException);
        Assert.That(() => factory.CreateClient<Health.HealthClient>("health"), Throws.Nothing);
    }

    [Test]
    public async Task The_health_service_answers()
    {
        await using var server = await InteropServer.StartAsync();
        var health = new Health.HealthClient(server.Channel());
        var reply = await health.CheckAsync(new HealthCheckRequest()).ResponseAsync.Soon();
        Assert.That(reply.Status, Is.EqualTo(HealthCheckResponse.Types.ServingStatus.Serving));
        var error = await health.CheckAsync(new HealthCheckRequest { Service = "nobody" }).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task The_health_service_is_watched()
    {
        await using var server = await InteropServer.StartAsync();
        using var watch = new Health.HealthClient(server.Channel()).Watch(new HealthCheckRequest());
        do Assert.That(await watch.ResponseStream.MoveNext(default).Soon(), Is.True);
        while (watch.ResponseStream.Current.Status != HealthCheckResponse.Types.ServingStatus.Serving);
    }

    private static CallCredentials Credentials(string value) => CallCredentials.FromInterceptor((context, metadata) =>
    {
        if (context.ServiceUrl.EndsWith("/metering.standins.interop.v1.Interop")) metadata.Add("echo-text", value);
        return Task.CompletedTask;
    });

    private static SocketsHttpHandler Trusting(X509Certificate2 certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
            presented is X509Certificate2 { Thumbprint: { } thumbprint } && thumbprint == certificate.Thumbprint;
        return handler;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    /// <summary>Adds to a header on the client.</summary>
    private sealed class Adding(string mark) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var headers = context.Options.Headers ?? [];
            var marks = headers.GetValue("mark") + mark;
            Metadata marked = [.. headers.Where(h => h.Key != "mark"), new Metadata.Entry("mark", marks)];
            return continuation(request, new(context.Method, context.Host, context.Options.WithHeaders(marked)));
        }
    }
}

/// <summary>Answers a header with a trailer on the server, and refuses calls that ask for it.</summary>
internal sealed class Stamping : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (context.RequestHeaders.GetValue("refuse") is { } why) throw new RpcException(new Status(StatusCode.PermissionDenied, why));
        Stamp(context);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Stamp(context);
        return continuation(requestStream, responseStream, context);
    }

    private static void Stamp(ServerCallContext context) =>
        context.ResponseTrailers.Add("stamp", context.RequestHeaders.GetValue("mark") ?? "none");
}
