using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.Standins.Tests.Wire;

namespace Metering.Standins.Tests.Rpc;

/// <summary>The four kinds of calls between the .NET client and server, and what travels with them.</summary>
internal sealed class CallTests
{
    private const int DefaultLimit = 4 * 1024 * 1024;
    private static readonly byte[] Bytes = [0, 127, 128, 255, 44];
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
    public async Task A_unary_call_answers_with_status_OK()
    {
        using var call = _client.EchoAsync(new Packet { Text = "größer ✓", Payload = ByteString.CopyFrom(Bytes) });
        var reply = await call.ResponseAsync.Soon();
        Assert.That(reply, Is.EqualTo(new Packet { Text = "größer ✓", Payload = ByteString.CopyFrom(Bytes) }));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public void A_blocking_call_answers() =>
        Assert.That(_client.Echo(new Packet { Text = "blocking" }).Text, Is.EqualTo("blocking"));

    [Test]
    public async Task Empty_messages_arrive()
    {
        Assert.That(await _client.EchoAsync(new Packet()).ResponseAsync.Soon(), Is.EqualTo(new Packet()));
        using var chat = _client.Chat();
        await chat.RequestStream.WriteAsync(new Packet()).Soon();
        Assert.That(await chat.ResponseStream.MoveNext(default).Soon(), Is.True);
        Assert.That(chat.ResponseStream.Current, Is.EqualTo(new Packet()));
    }

    [Test]
    public async Task A_client_streams()
    {
        using var call = _client.Collect();
        for (var i = 0; i < 3; i++)
            await call.RequestStream.WriteAsync(new Packet { Text = $"{i}", Payload = ByteString.CopyFrom(Bytes) }).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseAsync.Soon(), Is.EqualTo(new Total { Count = 3, Bytes = 15, Last = "2" }));
    }

    [Test]
    public async Task A_client_stream_may_be_empty()
    {
        using var call = _client.Collect();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseAsync.Soon(), Is.EqualTo(new Total()));
    }

    [TestCase(0)]
    [TestCase(3)]
    public async Task A_server_streams(int count)
    {
        using var call = _client.Expand(new Expansion { Count = count });
        Assert.That(await Texts(call.ResponseStream), Is.EqualTo(Enumerable.Range(0, count).Select(i => $"{i}")));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
        Assert.That(call.GetTrailers().GetValue("sent"), Is.EqualTo($"{count}"));
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False, "the end stays the end");
    }

    [Test]
    public async Task Both_stream_in_turns()
    {
        using var call = _client.Chat();
        for (var i = 0; i < 3; i++)
        {
            await call.RequestStream.WriteAsync(new Packet { Text = $"{i}" }).Soon();
            Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.True);
            Assert.That(call.ResponseStream.Current.Text, Is.EqualTo($"{i}"));
        }
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False);
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task Ten_thousand_messages_stream_each_way()
    {
        const int count = 10_000;
        using var call = _client.Chat();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++) await call.RequestStream.WriteAsync(new Packet { Text = $"{i}" });
            await call.RequestStream.CompleteAsync();
        });
        var texts = await Texts(call.ResponseStream);
        await writing.Soon();
        Assert.That(texts, Is.EqualTo(Enumerable.Range(0, count).Select(i => $"{i}")));
    }

    [Test]
    public async Task A_thousand_calls_run_at_once()
    {
        var calls = Enumerable.Range(0, 1_000).Select(i => _client.EchoAsync(new Packet { Text = $"{i}" }).ResponseAsync).ToList();
        var replies = await Task.WhenAll(calls).Soon();
        Assert.That(replies.Select(r => r.Text), Is.EqualTo(Enumerable.Range(0, 1_000).Select(i => $"{i}")));
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
    public async Task Status_and_trailers_are_asked_for_too_early()
    {
        using var call = _client.Chat();
        Assert.That(() => call.GetStatus(), Throws.InvalidOperationException);
        Assert.That(() => call.GetTrailers(), Throws.InvalidOperationException);
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(await call.ResponseStream.MoveNext(default).Soon(), Is.False);
        Assert.That(() => call.GetTrailers(), Throws.Nothing);
    }

    [Test]
    public async Task Nothing_is_written_after_the_stream_was_completed()
    {
        using var call = _client.Collect();
        await call.RequestStream.CompleteAsync().Soon();
        Assert.That(() => call.RequestStream.WriteAsync(new Packet()), Throws.InvalidOperationException);
    }

    [Test]
    public async Task A_message_of_exactly_the_limit_passes_both_ways()
    {
        var packet = OfSize(DefaultLimit);
        Assert.That(packet.CalculateSize(), Is.EqualTo(DefaultLimit));
        var reply = await _client.EchoAsync(packet).ResponseAsync.Soon();
        Assert.That(reply.Payload.Length, Is.EqualTo(packet.Payload.Length));
    }

    [Test]
    public async Task A_message_above_the_servers_limit_is_not_executed()
    {
        await using var server = await InteropServer.StartAsync();
        var client = server.Client();
        var error = await client.EchoAsync(OfSize(5 * 1024 * 1024)).ResponseAsync.Failure();
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That((await client.EchoAsync(OfSize(DefaultLimit + 1)).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(server.Probe.Executed, Is.Zero);
        await client.EchoAsync(new Packet()).ResponseAsync.Soon();
        Assert.That(server.Probe.Executed, Is.EqualTo(1), "the connection is good for more");
    }

    [Test]
    public async Task A_streamed_message_above_the_servers_limit_ends_the_call()
    {
        using var call = _client.Collect();
        var writing = call.RequestStream.WriteAsync(OfSize(DefaultLimit + 1));
        Assert.That((await call.ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        // the write may have gone through before the server refused it, but it must not hang
        await Task.WhenAny(writing).Soon();
        Assert.That((await call.RequestStream.WriteAsync(new Packet()).Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task A_message_above_the_clients_limit_is_refused()
    {
        using var call = _client.Expand(new Expansion { Count = 1, PayloadSize = DefaultLimit });
        Assert.That((await call.ResponseStream.MoveNext(default).Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task The_clients_sending_limit_keeps_messages_back()
    {
        await using var server = await InteropServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { MaxSendMessageSize = 1_000 });
        Assert.That((await client.EchoAsync(OfSize(1_001)).ResponseAsync.Failure()).StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(server.Probe.Executed, Is.Zero);
        await client.EchoAsync(OfSize(1_000)).ResponseAsync.Soon();
        Assert.That(server.Probe.Executed, Is.EqualTo(1));
    }

    [Test]
    public async Task Limits_can_be_lifted()
    {
        await using var server = await InteropServer.StartAsync(grpc => grpc.MaxReceiveMessageSize = null);
        var client = server.Client(new GrpcChannelOptions { MaxReceiveMessageSize = null });
        var reply = await client.EchoAsync(OfSize(9 * 1024 * 1024)).ResponseAsync.Soon();
        Assert.That(reply.CalculateSize(), Is.EqualTo(9 * 1024 * 1024));
    }

    /// <summary>A packet that is so many bytes long on the wire.</summary>
    private static Packet OfSize(int size)
    {
        var packet = new Packet { Payload = ByteString.CopyFrom(new byte[size]) };
        packet.Payload = ByteString.CopyFrom(new byte[size - (packet.CalculateSize() - size)]);
        return packet;
    }

    private static async Task<List<string>> Texts(IAsyncStreamReader<Packet> stream)
    {
        var texts = new List<string>();
        while (await stream.MoveNext(default).Soon()) texts.Add(stream.Current.Text);
        return texts;
    }
}
