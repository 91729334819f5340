using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>One call of any of the four kinds.</summary>
internal sealed class TypedCall<TRequest, TResponse>(
    ChannelSettings settings, ActiveCalls active, Method<TRequest, TResponse> method, CallOptions options)
    : Call(settings, active, method, options)
    where TRequest : class
    where TResponse : class
{
    private TRequest? _request;
    private StreamedContent? _content;
    private Task? _running;

    /// <summary>Starts a call with one request and one response.</summary>
    public Task<TResponse> StartUnary(TRequest request)
    {
        _request = request;
        return StartSingleResponse();
    }

    /// <summary>Starts a call with a stream of requests and one response.</summary>
    public (RequestWriter<TRequest> Requests, Task<TResponse> Response) StartClientStreaming()
    {
        var requests = CreateWriter();
        return (requests, StartSingleResponse());
    }

    /// <summary>Starts a call with one request and a stream of responses.</summary>
    public ResponseReader<TResponse> StartServerStreaming(TRequest request)
    {
        _request = request;
        return StartStreamedResponse();
    }

    /// <summary>Starts a call with streams both ways.</summary>
    public (RequestWriter<TRequest> Requests, ResponseReader<TResponse> Responses) StartDuplexStreaming()
    {
        var requests = CreateWriter();
        return (requests, StartStreamedResponse());
    }

    protected override bool Repeatable => _content is null;

    protected override HttpContent CreateContent() =>
        _content ?? (HttpContent)new SingleContent<TRequest>(_request!, this, method.RequestMarshaller.ContextualSerializer);

    protected override void OnFinished() => _content?.Abort();

    protected override void OnDisposed()
    {
        // nobody may be waiting for a call that was disposed
        if (_running is { IsCompletedSuccessfully: false }) Observe(_running);
    }

    private RequestWriter<TRequest> CreateWriter()
    {
        _content = new StreamedContent();
        return new RequestWriter<TRequest>(this, _content, method.RequestMarshaller.ContextualSerializer);
    }

    private Task<TResponse> StartSingleResponse()
    {
        Begin();
        var response = RunAsync();
        _running = response;
        return response;
    }

    private ResponseReader<TResponse> StartStreamedResponse()
    {
        Begin();
        var opening = OpenReaderAsync();
        _running = opening;
        Observe(opening);
        return new ResponseReader<TResponse>(this, opening);
    }

    private async Task<TResponse> RunAsync()
    {
        try
        {
            var response = await OpenAsync().ConfigureAwait(false);
            if (Final is { } failed) throw SingleFailure(failed);
            var message = TrailersOnly ? null : await ReadSingleAsync(response).ConfigureAwait(false);
            return Settle(message);
        }
        catch (Exception error) when (!Made(error))
        {
            throw Fail("Error starting gRPC call.", error);
        }
    }

    private async ValueTask<TResponse?> ReadSingleAsync(HttpResponseMessage response)
    {
        var reader = await CreateReaderAsync(response, single: true).ConfigureAwait(false);
        if (!await reader.ReadAsync(Token).ConfigureAwait(false)) return null;
        var message = reader.Current;
        // the trailers arrive with the end of the body
        if (await reader.ReadAsync(Token).ConfigureAwait(false))
            throw new InvalidDataException("Unexpected data after finished reading message.");
        return message;
    }

    private TResponse Settle(TResponse? message)
    {
        var status = message is null ? EndWithoutMessage() : End();
        return status.StatusCode == StatusCode.OK ? message! : throw SingleFailure(status);
    }

    // a CANCELLED that the server sent is the server's answer, and stays an RpcException
    private Exception SingleFailure(Status status) =>
        status.StatusCode == StatusCode.DeadlineExceeded || Token.IsCancellationRequested ? ExceptionFor(status) : RpcExceptionFor(status);

    private async Task<MessageReader<TResponse>?> OpenReaderAsync()
    {
        try
        {
            var response = await OpenAsync().ConfigureAwait(false);
            if (Final is { } failed) throw ExceptionFor(failed);
            return TrailersOnly ? null : await CreateReaderAsync(response, single: false).ConfigureAwait(false);
        }
        catch (Exception error) when (!Made(error))
        {
            throw Fail("Error starting gRPC call.", error);
        }
    }

    private async ValueTask<MessageReader<TResponse>> CreateReaderAsync(HttpResponseMessage response, bool single)
    {
        var body = await response.Content.ReadAsStreamAsync(Token).ConfigureAwait(false);
        var encoding = Headers.Value(response.Headers, Headers.Encoding);
        return new MessageReader<TResponse>(body, method.ResponseMarshaller.ContextualDeserializer, Settings, encoding, single);
    }

    private static void Observe(Task task) =>
        task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
