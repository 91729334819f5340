using System.Net;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>A body of one message, serialized when the connection asks for it, so also when it is sent again.</summary>
internal sealed class SingleContent<T> : HttpContent
{
    private readonly T _message;
    private readonly Call _call;
    private readonly Action<T, SerializationContext> _serialize;

    public SingleContent(T message, Call call, Action<T, SerializationContext> serialize)
    {
        (_message, _call, _serialize) = (message, call, serialize);
        Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = MessageBuffer.Rent(_call.Settings.MaxSend);
        var writing = MessageWriting.WriteAsync(stream, _message, buffer, _serialize, _call, _call.Options.WriteOptions, cancellationToken);
        if (!writing.IsCompletedSuccessfully) return FinishAsync(writing, buffer);
        buffer.Return();
        return Task.CompletedTask;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    private static async Task FinishAsync(ValueTask writing, MessageBuffer buffer)
    {
        await writing.ConfigureAwait(false);
        // not after a failure: the connection may still be reading it
        buffer.Return();
    }
}
