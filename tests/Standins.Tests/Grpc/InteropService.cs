using Google.Protobuf;
using Grpc.Core;
using Metering.Standins.Tests.Wire;
using Microsoft.AspNetCore.Connections;

namespace Metering.Standins.Tests.Rpc;

/// <summary>What a server saw, for tests to wait on.</summary>
internal sealed class Probe
{
    private int _executed;

    public int Executed => _executed;
    public TaskCompletionSource<ServerCallContext> Started { get; } = New<ServerCallContext>();
    public TaskCompletionSource<TimeSpan> Cancelled { get; } = New<TimeSpan>();
    public TaskCompletionSource<ConnectionContext> Connected { get; } = New<ConnectionContext>();

    /// <summary>Set for tests in which the first calls fail.</summary>
    public int Failures { get; init; }

    public int Count() => Interlocked.Increment(ref _executed);

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class InteropService(Probe probe) : Wire.Interop.InteropBase
{
    public override async Task<Packet> Echo(Packet request, ServerCallContext context)
    {
        if (probe.Count() <= probe.Failures) throw new RpcException(new Status(StatusCode.Unavailable, "not yet"));
        var headers = new Metadata { { "seen-encoding", context.RequestHeaders.GetValue("seen-encoding") ?? "" } };
        Return(context, headers, "echo");
        Return(context, context.ResponseTrailers, "trail");
        await context.WriteResponseHeadersAsync(headers);
        return request;
    }

    public override Task<Packet> Fail(Failure request, ServerCallContext context)
    {
        probe.Count();
        if (request.Unhandled) throw new InvalidOperationException("a secret of the server");
        var trailers = new Metadata { { "reason", "asked" }, { "reason-bin", [0, 1, 254, 255] } };
        throw new RpcException(new Status((StatusCode)request.Code, request.Message), trailers);
    }

    public override async Task<Packet> Wait(Packet request, ServerCallContext context)
    {
        await UntilCancelled(context);
        return request;
    }

    public override async Task<Total> Collect(IAsyncStreamReader<Packet> requestStream, ServerCallContext context)
    {
        probe.Started.TrySetResult(context);
        var total = new Total();
        await foreach (var packet in requestStream.ReadAllAsync())
        {
            total.Count++;
            total.Bytes += packet.Payload.Length;
            total.Last = packet.Text;
        }
        return total;
    }

    public override async Task Expand(Expansion request, IServerStreamWriter<Packet> responseStream, ServerCallContext context)
    {
        var payload = ByteString.CopyFrom(new byte[request.PayloadSize]);
        for (var i = 0; i < request.Count; i++)
            await responseStream.WriteAsync(new Packet { Text = $"{i}", Payload = payload });
        if (request.Stay) await UntilCancelled(context);
        if (request.Fail) throw new RpcException(new Status(StatusCode.Aborted, "after the packets"));
        context.ResponseTrailers.Add("sent", $"{request.Count}");
    }

    public override async Task Chat(IAsyncStreamReader<Packet> requestStream, IServerStreamWriter<Packet> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext())
            await responseStream.WriteAsync(requestStream.Current);
    }

    private async Task UntilCancelled(ServerCallContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = context.CancellationToken.Register(gone.SetResult);
        var started = TimeProvider.System.GetTimestamp();
        probe.Started.TrySetResult(context);
        await gone.Task;
        probe.Cancelled.TrySetResult(TimeProvider.System.GetElapsedTime(started));
    }

    private static void Return(ServerCallContext context, Metadata target, string prefix)
    {
        if (context.RequestHeaders.GetValue("echo-text") is { } text) target.Add(prefix + "-text", text);
        if (context.RequestHeaders.GetValueBytes("echo-bin") is { } bytes) target.Add(prefix + "-bin", bytes);
    }
}
