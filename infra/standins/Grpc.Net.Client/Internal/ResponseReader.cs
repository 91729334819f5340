using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Reads the messages of a server-streaming or duplex call, one at a time.</summary>
internal sealed class ResponseReader<T>(Call call, Task<MessageReader<T>?> opening) : IAsyncStreamReader<T>
    where T : class
{
    private static readonly Task<bool> False = Task.FromResult(false);
    private readonly Lock _lock = new();
    private Task _pending = Task.CompletedTask;
    private T? _current;

    // before the first message there is none, as in the genuine package
    public T Current => _current!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(call.Disposed, typeof(Call));
        if (call.Final is { } status)
            return status.StatusCode == StatusCode.OK ? False : Task.FromException<bool>(call.ExceptionFor(status, null, cancellationToken));
        lock (_lock)
        {
            if (!_pending.IsCompleted)
                return Task.FromException<bool>(new InvalidOperationException("Can't read the next message because the previous read is still in progress."));
            var next = MoveNextAsync(cancellationToken);
            _pending = next;
            return next;
        }
    }

    private async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        using var watch = call.Watch(cancellationToken);
        try
        {
            _current = null;
            var reader = await opening.ConfigureAwait(false);
            if (reader is not null && await reader.ReadAsync(call.Token).ConfigureAwait(false)) return Show(reader.Current);
            var status = call.End();
            return status.StatusCode == StatusCode.OK ? false : throw call.ExceptionFor(status, null, cancellationToken);
        }
        catch (Exception error) when (!call.Made(error))
        {
            throw call.Fail("Error reading next message.", error, cancellationToken);
        }
    }

    private bool Show(T? message)
    {
        _current = message;
        return true;
    }
}
