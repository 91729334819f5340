using System.Net;

namespace Grpc.Net.Client.Internal;

/// <summary>A body that is written as the caller goes: hands out the connection's stream and keeps it open until told.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamedContent() => Headers.TryAddWithoutValidation("Content-Type", "application/grpc");

    public Task<Stream> StreamAsync => _stream.Task;

    public void Complete() => _done.TrySetResult();

    public void Abort()
    {
        _stream.TrySetCanceled();
        _done.TrySetCanceled();
    }

    // without HTTP's token, as in the genuine package: a lost connection is told by the response that does not come, and as what it is
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // the server should learn of the call before there is a first message
        await stream.FlushAsync().ConfigureAwait(false);
        _stream.TrySetResult(stream);
        await _done.Task.ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}
