using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class RequestStream<T>(ServerCall call, Func<DeserializationContext, T> deserializer) : IAsyncStreamReader<T>
    where T : class
{
    private static readonly Task<bool> More = Task.FromResult(true);
    private static readonly Task<bool> End = Task.FromResult(false);

    // taken once: a read that a handler left behind must not touch the context of a later request
    private readonly PipeReader _input = call.Http.Request.BodyReader;
    private readonly CancellationToken _aborted = call.Http.RequestAborted;
    private volatile bool _completed;

    public T Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<bool>(cancellationToken);
        if (_completed || _aborted.IsCancellationRequested)
            return Task.FromException<bool>(new InvalidOperationException("Can't read messages after the request is complete."));
        // a stream may wait for long: the last message must not be kept alive meanwhile
        Current = null!;
        var read = MessageReader.ReadNextAsync(_input, call, deserializer, cancellationToken);
        return read.IsCompletedSuccessfully ? Take(read.Result) ? More : End : TakeAsync(read);
    }

    public void Complete() => _completed = true;

    private async Task<bool> TakeAsync(ValueTask<T?> read) => Take(await read);

    private bool Take(T? message)
    {
        Current = message!;
        return message is not null;
    }
}

internal sealed class ResponseStream<T>(ServerCall call, Action<T, SerializationContext> serializer) : IServerStreamWriter<T>
    where T : class
{
    private readonly PipeWriter _output = call.Http.Response.BodyWriter;
    private readonly CancellationToken _aborted = call.Http.RequestAborted;
    private int _writing;
    private volatile bool _completed;

    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(T message) => SendAsync(message, CancellationToken.None);

    Task IAsyncStreamWriter<T>.WriteAsync(T message, CancellationToken cancellationToken) => SendAsync(message, cancellationToken);

    public void Complete() => _completed = true;

    // Half a message cannot be taken back: cancelling a write ends the call.
    private async Task SendAsync(T message, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(message);
        await using var registration = cancellation.UnsafeRegister(static c => ((ServerCall)c!).Reset(), call);
        cancellation.ThrowIfCancellationRequested();
        if (_completed || _aborted.IsCancellationRequested)
            throw new InvalidOperationException("Can't write the message because the request is complete.");
        if (Interlocked.Exchange(ref _writing, 1) != 0)
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        try
        {
            await WriteAndFlushAsync(message, cancellation);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private async ValueTask WriteAndFlushAsync(T message, CancellationToken cancellation)
    {
        if (!call.Http.Response.HasStarted) await call.Http.Response.StartAsync(cancellation);
        MessageWriter.Write(call, _output, message, serializer);
        if (call.WriteOptions is { } o && (o.Flags & WriteFlags.BufferHint) != 0) return;
        var flushed = await _output.FlushAsync(cancellation);
        // a flush that an abort interrupts may return as if nothing had happened
        if (!flushed.IsCompleted && (call.CancellationToken.IsCancellationRequested || cancellation.IsCancellationRequested))
            throw new OperationCanceledException("Request aborted while sending the message.");
    }
}
