using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Metering.Standins.Tests.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Metering.Standins.Tests.Rpc;

/// <summary>How calls fail: by the service, by HTTP, by the network.</summary>
internal sealed class FailureTests
{
    private InteropServer _server = null!;
    private Wire.Interop.InteropClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await InteropServer.StartAsync();
        _client = _server.Client();
    }

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    public async Task A_status_travels_with_message_and_trailers([Range(1, 16)] int code)
    {
        using var call = _client.FailAsync(new Failure { Code = code, Message = "why" });
        var error = await call.ResponseAsync.Failure();
        Assert.That(error.Status.StatusCode, Is.EqualTo((StatusCode)code));
        Assert.That(error.Status.Detail, Is.EqualTo("why"));
        Assert.That(error.Trailers.GetValue("reason"), Is.EqualTo("asked"));
        Assert.That(error.Trailers.GetValueBytes("reason-bin"), Is.EqualTo(new byte[] { 0, 1, 254, 255 }));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo((StatusCode)code));
    }

    [TestCase("grün, 100% ✓ 😀")]
    [TestCase("two\nlines\tand a tab")]
    [TestCase("")]
    [TestCase("%41")]
    public async Task A_status_message_may_hold_any_text(string message)
    {
        var error = await _client.FailAsync(new Failure { Code = 9, Message = message }).ResponseAsync.Failure();
        Assert.That(error.Status.Detail, Is.EqualTo(message));
    }

    [Test]
    public async Task An_unhandled_exception_is_UNKNOWN_and_says_nothing_of_itself()
    {
        var error = await _client.FailAsync(new Failure { Unhandled = true }).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unknown));
        Assert.That(error.Status.Detail, Does.Not.Contain("secret"));
    }

    [Test]
    public async Task An_unhandled_exception_says_more_when_told_to()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.EnableDetailedErrors = true);
        var error = await server.Client().FailAsync(new Failure { Unhandled = true }).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unknown));
        Assert.That(error.Status.Detail, Does.Contain("a secret of the server"));
    }

    [Test]
    public async Task A_stream_fails_after_its_messages()
    {
        using var call = _client.Expand(new Expansion { Count = 2, Fail = true });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That((await call.ResponseStream.MoveNext(default).Failure()).Status.Detail, Is.EqualTo("after the packets"));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Aborted));
        Assert.That((await call.ResponseStream.MoveNext(default).Failure()).StatusCode, Is.EqualTo(StatusCode.Aborted));
    }

    [Test]
    public async Task A_method_that_nobody_implements_is_UNIMPLEMENTED() =>
        Assert.That((await _client.MissingAsync(new Packet()).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Unimplemented));

    [TestCase("metering.standins.interop.v1.Interop", "Nowhere")]
    [TestCase("metering.standins.interop.v1.Nothing", "Echo")]
    public async Task What_the_server_does_not_know_is_UNIMPLEMENTED(string service, string name)
    {
        var error = await CallUnknown(_server, service, name).Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unimplemented));
        Assert.That(error.Status.Detail, Does.Contain("unimplemented").IgnoreCase);
    }

    [Test]
    public async Task A_port_without_a_server_is_UNAVAILABLE()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{FreePort()}");
        var error = await new Wire.Interop.InteropClient(channel).EchoAsync(new Packet()).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(error.Status.DebugException, Is.InstanceOf<HttpRequestException>());
    }

    [Test]
    public async Task A_connection_that_breaks_before_any_answer_to_a_stream_is_UNAVAILABLE()
    {
        await using var server = await InteropServer.StartAsync();
        using var call = server.Client().Collect();
        await call.RequestStream.WriteAsync(new Packet()).Soon();
        await server.Probe.Started.Soon();
        (await server.Probe.Connected.Soon()).Abort();
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task A_connection_that_breaks_mid_stream_is_UNAVAILABLE()
    {
        await using var server = await InteropServer.StartAsync();
        using var call = server.Client().Expand(new Expansion { Count = 1, Stay = true });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        var next = call.ResponseStream.MoveNext(default);
        (await server.Probe.Connected.Soon()).Abort();
        Assert.That((await next.Failure()).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        await server.Probe.Cancelled.Soon();
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Unavailable));
    }

    [TestCase(400, StatusCode.Internal)]
    [TestCase(401, StatusCode.Unauthenticated)]
    [TestCase(403, StatusCode.PermissionDenied)]
    [TestCase(404, StatusCode.Unimplemented)]
    [TestCase(429, StatusCode.Unavailable)]
    [TestCase(502, StatusCode.Unavailable)]
    [TestCase(503, StatusCode.Unavailable)]
    [TestCase(504, StatusCode.Unavailable)]
    [TestCase(418, StatusCode.Unknown)]
    public async Task A_plain_HTTP_status_becomes_a_gRPC_status(int http, StatusCode expected)
    {
        await using var server = await InteropServer.StartAsync(configure: app => app.Use((HttpContext context, RequestDelegate _) =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        }));
        Assert.That((await server.Client().EchoAsync(new Packet()).ResponseAsync.Failure()).StatusCode, Is.EqualTo(expected));
    }

    [TestCase(0x7, StatusCode.Unavailable)]
    [TestCase(0x8, StatusCode.Cancelled)]
    [TestCase(0xb, StatusCode.ResourceExhausted)]
    [TestCase(0x2, StatusCode.Internal)]
    public async Task A_reset_stream_becomes_a_gRPC_status(int http2, StatusCode expected)
    {
        await using var server = await InteropServer.StartAsync(configure: app => app.Use((HttpContext context, RequestDelegate _) =>
        {
            context.Features.Get<IHttpResetFeature>()!.Reset(http2);
            return Task.CompletedTask;
        }));
        Assert.That((await server.Client().EchoAsync(new Packet()).ResponseAsync.Failure()).StatusCode, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_policy_tries_again_until_the_service_is_there()
    {
        await using var server = await InteropServer.StartAsync(failures: 2);
        var reply = await server.Client(Retrying(attempts: 3)).EchoAsync(new Packet { Text = "at last" }).ResponseAsync.Soon();
        Assert.That(reply.Text, Is.EqualTo("at last"));
        Assert.That(server.Probe.Executed, Is.EqualTo(3));
    }

    [Test]
    public async Task A_policy_gives_up()
    {
        await using var server = await InteropServer.StartAsync(failures: 5);
        var error = await server.Client(Retrying(attempts: 2)).EchoAsync(new Packet()).ResponseAsync.Failure();
        Assert.That(error.Status.Detail, Is.EqualTo("not yet"));
        Assert.That(server.Probe.Executed, Is.EqualTo(2));
    }

    [Test]
    public async Task Without_a_policy_nothing_is_tried_again()
    {
        await using var server = await InteropServer.StartAsync(failures: 1);
        Assert.That((await server.Client().EchoAsync(new Packet()).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(server.Probe.Executed, Is.EqualTo(1));
    }

    private static GrpcChannelOptions Retrying(int attempts)
    {
        var policy = new RetryPolicy
        {
            MaxAttempts = attempts,
            InitialBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(5),
            BackoffMultiplier = 2,
            RetryableStatusCodes = { StatusCode.Unavailable },
        };
        var config = new MethodConfig { Names = { MethodName.Default }, RetryPolicy = policy };
        return new GrpcChannelOptions { ServiceConfig = new ServiceConfig { MethodConfigs = { config } } };
    }

    private static async Task<string> CallUnknown(InteropServer server, string service, string name)
    {
        var method = new Method<string, string>(MethodType.Unary, service, name, Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        return await server.Channel().CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(), "hello");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
