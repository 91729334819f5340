using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.Standins.Tests.Wire;

namespace Metering.Standins.Tests.Rpc;

/// <summary>The .NET client calls a server in another language.</summary>
internal sealed class NodeServerTests
{
    private static readonly byte[] Bytes = [0, 127, 128, 255, 44];
    private NodeProgram? _server;
    private GrpcChannel? _channel;
    private Wire.Interop.InteropClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        await NodeProgram.PrepareAsync();
        _server = NodeProgram.Start("server.js");
        var port = (await _server.LineAsync()).Split(' ')[1];
        _channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        _client = new Wire.Interop.InteropClient(_channel);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _channel?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Test]
    public async Task A_unary_call_answers()
    {
        var packet = new Packet { Text = "größer ✓", Payload = ByteString.CopyFrom(Bytes) };
        Assert.That(await _client.EchoAsync(packet).ResponseAsync.Soon(), Is.EqualTo(packet));
        Assert.That(await _client.EchoAsync(new Packet()).ResponseAsync.Soon(), Is.EqualTo(new Packet()));
    }

    [Test]
    public async Task The_client_streams()
    {
        using var call = _client.Collect();
        for (var i = 0; i < 1_000; i++)
            await call.RequestStream.WriteAsync(new Packet { Text = $"{i}", Payload = ByteString.CopyFrom(Bytes) }).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseAsync.Soon(), Is.EqualTo(new Total { Count = 1_000, Bytes = 5_000, Last = "999" }));
    }

    [TestCase(0)]
    [TestCase(1_000)]
    public async Task The_server_streams(int count)
    {
        using var call = _client.Expand(new Expansion { Count = count, PayloadSize = 10 });
        for (var i = 0; i < count; i++)
        {
            Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
            Assert.That(call.ResponseStream.Current.Text, Is.EqualTo($"{i}"));
        }
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False);
        Assert.That(call.GetTrailers().GetValue("sent"), Is.EqualTo($"{count}"));
    }

    [Test]
    public async Task Both_stream_in_turns()
    {
        using var call = _client.Chat();
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new Packet { Text = $"{i}" }).Soon();
            Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
            Assert.That(call.ResponseStream.Current.Text, Is.EqualTo($"{i}"));
        }
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False);
    }

    [Test]
    public async Task Metadata_travels_both_ways()
    {
        using var call = _client.EchoAsync(new Packet(), new Metadata { { "echo-text", "plain" }, { "echo-bin", Bytes } });
        var headers = await call.ResponseHeadersAsync.Soon();
        await call.ResponseAsync.Soon();
        Assert.That(headers.GetValue("echo-text"), Is.EqualTo("plain"));
        Assert.That(headers.GetValueBytes("echo-bin"), Is.EqualTo(Bytes));
        Assert.That(call.GetTrailers().GetValue("trail-text"), Is.EqualTo("plain"));
        Assert.That(call.GetTrailers().GetValueBytes("trail-bin"), Is.EqualTo(Bytes));
    }

    [Test]
    public async Task A_status_travels_with_message_and_trailers()
    {
        var error = await _client.FailAsync(new Failure { Code = 9, Message = "grün, 100% ✓" }).ResponseAsync.Failure();
        Assert.That(error.Status, Is.EqualTo(new Status(StatusCode.FailedPrecondition, "grün, 100% ✓")));
        Assert.That(error.Trailers.GetValue("reason"), Is.EqualTo("asked"));
        Assert.That(error.Trailers.GetValueBytes("reason-bin"), Is.EqualTo(new byte[] { 0, 1, 254, 255 }));
    }

    [Test]
    public async Task A_stream_fails_after_its_messages()
    {
        using var call = _client.Expand(new Expansion { Count = 1, Fail = true });
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        var error = await call.ResponseStream.MoveNext(default).Failure();
        Assert.That(error.Status, Is.EqualTo(new Status(StatusCode.Aborted, "after the packets")));
    }

    [Test]
    public async Task Other_errors_and_missing_methods_have_their_status()
    {
        Assert.That((await _client.FailAsync(new Failure { Unhandled = true }).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Unknown));
        Assert.That((await _client.MissingAsync(new Packet()).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Unimplemented));
    }

    [Test]
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        var error = await _client.WaitAsync(new Packet(), deadline: Waiting.In(300)).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(await _server!.LineAsync(), Is.EqualTo("waiting"));
        Assert.That(await _server.LineAsync(), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_cancellation_ends_the_call_on_both_sides()
    {
        using var source = new CancellationTokenSource();
        using var call = _client.WaitAsync(new Packet(), cancellationToken: source.Token);
        Assert.That(await _server!.LineAsync(), Is.EqualTo("waiting"));
        await source.CancelAsync();
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(await _server.LineAsync(), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Disposing_a_stream_resets_it()
    {
        using (var call = _client.Expand(new Expansion { Count = 1, Stay = true }))
            Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That(await _server!.LineAsync(), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Compressed_requests_are_understood()
    {
        var gzip = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        var packet = new Packet { Payload = ByteString.CopyFrom(new byte[100_000]) };
        Assert.That(await _client.EchoAsync(packet, gzip).ResponseAsync.Soon(), Is.EqualTo(packet));
    }

    [Test]
    public async Task A_message_above_the_limit_is_refused()
    {
        var packet = new Packet { Payload = ByteString.CopyFrom(new byte[5 * 1024 * 1024]) };
        Assert.That((await _client.EchoAsync(packet).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task A_thousand_calls_run_at_once()
    {
        var calls = Enumerable.Range(0, 1_000).Select(i => _client.EchoAsync(new Packet { Text = $"{i}" }).ResponseAsync).ToList();
        var replies = await Task.WhenAll(calls).Soon();
        Assert.That(replies.Select(r => r.Text), Is.EqualTo(Enumerable.Range(0, 1_000).Select(i => $"{i}")));
    }
}
