using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.Standins.Tests.Wire;

namespace Metering.Standins.Tests.Rpc;

/// <summary>Deadlines and cancellation, as both sides see them.</summary>
internal sealed class EndingTests
{
    private InteropServer _server = null!;
    private Wire.Interop.InteropClient _client = null!;

    [SetUp]
    public async Task Start()
    {
        _server = await InteropServer.StartAsync();
        _client = _server.Client();
    }

    [TearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        var deadline = Waiting.In(300);
        var error = await _client.WaitAsync(new Packet(), deadline: deadline).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(Waiting.In(0), Is.GreaterThanOrEqualTo(deadline), "not before its time");
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task The_server_knows_the_deadline()
    {
        var deadline = Waiting.In(60_000);
        using var call = _client.WaitAsync(new Packet(), deadline: deadline);
        var context = await _server.Probe.Started.Soon();
        Assert.That(context.Deadline, Is.EqualTo(deadline).Within(TimeSpan.FromSeconds(2)));
        Assert.That(context.Deadline.Kind, Is.EqualTo(DateTimeKind.Utc));
    }

    [Test]
    public async Task Without_a_deadline_the_server_knows_none()
    {
        using var call = _client.WaitAsync(new Packet());
        Assert.That((await _server.Probe.Started.Soon()).Deadline, Is.EqualTo(DateTime.MaxValue));
    }

    [Test]
    public async Task The_server_keeps_the_deadline_of_a_caller_that_does_not()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Address, "/metering.standins.interop.v1.Interop/Wait"));
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        request.Headers.Add("grpc-timeout", "200m");
        request.Headers.Add("te", "trailers");
        request.Content = new ByteArrayContent(new byte[5]);
        request.Content.Headers.Add("content-type", "application/grpc");
        using var response = await http.SendAsync(request).Soon();
        var status = response.TrailingHeaders.Concat(response.Headers).Single(h => h.Key == "grpc-status").Value.Single();
        Assert.That(status, Is.EqualTo("4"));
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task A_deadline_in_the_past_sends_nothing()
    {
        var error = await _client.EchoAsync(new Packet(), deadline: Waiting.In(-1)).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(_server.Probe.Executed, Is.Zero);
    }

    [Test]
    public async Task A_deadline_ends_a_stream()
    {
        using var call = _client.Expand(new Expansion { Count = 1, Stay = true }, deadline: Waiting.In(500));
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That((await call.ResponseStream.MoveNext(default).Failure()).StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public void A_deadline_must_be_UTC() =>
        Assert.That(() => _client.EchoAsync(new Packet(), deadline: new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Local)), Throws.InvalidOperationException);

    [Test]
    public async Task A_cancelled_token_ends_the_call_on_both_sides()
    {
        using var source = new CancellationTokenSource();
        using var call = _client.WaitAsync(new Packet(), cancellationToken: source.Token);
        await _server.Probe.Started.Soon();
        await source.CancelAsync();
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task A_token_that_was_cancelled_before_sends_nothing()
    {
        var error = await _client.EchoAsync(new Packet(), cancellationToken: new CancellationToken(true)).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(_server.Probe.Executed, Is.Zero);
    }

    [Test]
    public async Task Disposing_a_call_ends_it_on_both_sides()
    {
        var call = _client.WaitAsync(new Packet());
        await _server.Probe.Started.Soon();
        call.Dispose();
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task Disposing_a_stream_resets_it()
    {
        using (var call = _client.Expand(new Expansion { Count = 1, Stay = true }))
        {
            Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
            await _server.Probe.Started.Soon();
        }
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task Cancelling_a_read_ends_the_call()
    {
        using var source = new CancellationTokenSource();
        using var call = _client.Expand(new Expansion { Count = 1, Stay = true });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        var next = call.ResponseStream.MoveNext(source.Token);
        await source.CancelAsync();
        Assert.That((await next.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task A_client_that_stops_streaming_is_noticed()
    {
        using var source = new CancellationTokenSource();
        using var call = _client.Collect(cancellationToken: source.Token);
        await call.RequestStream.WriteAsync(new Packet()).Soon();
        var context = await _server.Probe.Started.Soon();
        await source.CancelAsync();
        Assert.That((await call.RequestStream.WriteAsync(new Packet()).Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await Cancelled(context.CancellationToken).Soon();
    }

    [Test]
    public async Task A_server_may_cancel()
    {
        var error = await _client.FailAsync(new Failure { Code = (int)StatusCode.Cancelled, Message = "by the server" }).ResponseAsync.Failure();
        Assert.That(error.Status, Is.EqualTo(new Status(StatusCode.Cancelled, "by the server")));
    }

    [Test]
    public async Task Disposing_the_channel_ends_its_calls()
    {
        var channel = _server.Channel();
        var client = new Wire.Interop.InteropClient(channel);
        using var call = client.WaitAsync(new Packet());
        await _server.Probe.Started.Soon();
        channel.Dispose();
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(() => client.EchoAsync(new Packet()), Throws.InstanceOf<ObjectDisposedException>());
        await _server.Probe.Cancelled.Soon();
    }

    [Test]
    public async Task Cancellation_can_be_an_OperationCanceledException()
    {
        using var source = new CancellationTokenSource();
        var client = _server.Client(new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var call = client.WaitAsync(new Packet(), cancellationToken: source.Token);
        await _server.Probe.Started.Soon();
        await source.CancelAsync();
        var error = Assert.CatchAsync<OperationCanceledException>(() => call.ResponseAsync.Soon());
        Assert.That(error!.CancellationToken, Is.EqualTo(source.Token));
        Assert.That(() => client.WaitAsync(new Packet(), deadline: Waiting.In(50)).ResponseAsync.Soon(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Cancelled_calls_leave_the_others_alone()
    {
        var echoes = Enumerable.Range(0, 500).Select(async i =>
        {
            using var source = new CancellationTokenSource();
            using var cancelled = _client.EchoAsync(Filled(i), cancellationToken: source.Token);
            var kept = _client.EchoAsync(Filled(i)).ResponseAsync;
            await Task.Yield();
            await source.CancelAsync();
            var first = await Task.WhenAny(cancelled.ResponseAsync).Soon();
            if (first.IsCompletedSuccessfully) Assert.That(await first, Is.EqualTo(Filled(i)));
            else Assert.That((await first.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
            Assert.That(await kept.Soon(), Is.EqualTo(Filled(i)));
        });
        await Task.WhenAll(echoes).Soon();
    }

    private static Packet Filled(int i) =>
        new() { Payload = ByteString.CopyFrom([.. Enumerable.Repeat((byte)i, 3_000)]) };

    private static Task Cancelled(CancellationToken token)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(() => source.TrySetResult());
        return source.Task;
    }
}
