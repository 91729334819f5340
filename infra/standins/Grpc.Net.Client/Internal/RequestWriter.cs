using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Writes the messages of a client-streaming or duplex call, one at a time.</summary>
internal sealed class RequestWriter<T>(Call call, StreamedContent content, Action<T, SerializationContext> serialize) : IClientStreamWriter<T>
    where T : class
{
    private readonly Lock _lock = new();
    private Task _pending = Task.CompletedTask;
    private bool _completed;

    public WriteOptions? WriteOptions { get; set; } = call.Options.WriteOptions;

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ObjectDisposedException.ThrowIf(call.Disposed, typeof(Call));
        lock (_lock)
        {
            if (Refusal() is { } refusal) return Task.FromException(refusal);
            return _pending = WriteCoreAsync(message, cancellationToken);
        }
    }

    public Task CompleteAsync()
    {
        ObjectDisposedException.ThrowIf(call.Disposed, typeof(Call));
        lock (_lock)
        {
            if (!_pending.IsCompleted)
                return Task.FromException(new InvalidOperationException("Can't complete the client stream writer because the previous write is in progress."));
            _completed = true;
            content.Complete();
            return Task.CompletedTask;
        }
    }

    private Exception? Refusal()
    {
        if (_completed) return new InvalidOperationException("Request stream has already been completed.");
        if (call.Final is { } status) return call.ExceptionFor(status);
        return _pending.IsCompleted ? null : new InvalidOperationException("Can't write the message because the previous write is in progress.");
    }

    private async Task WriteCoreAsync(T message, CancellationToken cancellationToken)
    {
        using var watch = call.Watch(cancellationToken);
        try
        {
            var stream = await content.StreamAsync.ConfigureAwait(false);
            await WriteAsync(stream, message).ConfigureAwait(false);
            await stream.FlushAsync(call.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            throw call.Final is { } status ? call.ExceptionFor(status, error, cancellationToken) : Canceled(error);
        }
        catch (Exception error) when (error is IOException or HttpRequestException or ObjectDisposedException)
        {
            throw call.ExceptionFor(call.Final ?? Outcomes.From("Error writing message.", error), error, cancellationToken);
        }
    }

    // the server has ended the stream, and what it said is still being read: the call itself will tell
    private Exception Canceled(Exception error) =>
        call.ExceptionFor(new Status(StatusCode.Cancelled, "The request stream was closed by the server.", error), error);

    private async ValueTask WriteAsync(Stream stream, T message)
    {
        var buffer = MessageBuffer.Rent(call.Settings.MaxSend);
        await MessageWriting.WriteAsync(stream, message, buffer, serialize, call, WriteOptions, call.Token).ConfigureAwait(false);
        // not after a failure: the connection may still be reading it
        buffer.Return();
    }
}
