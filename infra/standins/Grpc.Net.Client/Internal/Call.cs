using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>One call, whatever its messages: sending, cancelling, expiring, and how it ended.</summary>
internal abstract class Call(ChannelSettings settings, ActiveCalls active, IMethod method, CallOptions options) : IDisposable
{
    private static readonly Ending Success = new(Status.DefaultSuccess);
    private readonly CancellationTokenSource _cancellation = new();
    private readonly DateTime _deadline = CheckDeadline(options.Deadline);
    private readonly MethodSettings _method = settings.Method(method);
    private CancellationTokenRegistration _registration;
    private Timer? _timer;
    private Ending? _ending;
    private HttpResponseMessage? _response;
    private Exception? _failure;
    private TaskCompletionSource<Metadata>? _headers;
    private Metadata? _trailers;
    private int _attempt = 1;
    private bool _ended;

    public Call? Next { get; set; }
    public Call? Previous { get; set; }
    public bool Listed { get; set; }

    public ChannelSettings Settings => settings;
    public CallOptions Options => options;
    public CancellationToken Token => _cancellation.Token;
    public bool Disposed { get; private set; }

    /// <summary>How the call ended, or null while it runs.</summary>
    public Status? Final => Volatile.Read(ref _ending)?.Status;

    /// <summary>Whether the status came in the headers, so that there is no body.</summary>
    public bool TrailersOnly { get; private set; }

    /// <summary>The encoding that request messages are compressed with, if any.</summary>
    public string? RequestEncoding { get; } = options.Headers?.GetValue(Headers.RequestEncoding);

    public static Task<Metadata> HeadersAsync(object call) => ((Call)call).HeadersAsync();
    public static Status GetStatus(object call) => ((Call)call).GetStatus();
    public static Metadata GetTrailers(object call) => ((Call)call).GetTrailers();
    public static void Dispose(object call) => ((Call)call).Dispose();

    public void Dispose()
    {
        Disposed = true;
        Finish(new Status(StatusCode.Cancelled, "gRPC call disposed."));
        OnDisposed();
    }

    /// <summary>Cancels the call when the token is cancelled, unless that is being watched anyway.</summary>
    public CancellationTokenRegistration Watch(CancellationToken token) =>
        token.CanBeCanceled && token != options.CancellationToken ? Register(token) : default;

    /// <summary>Settles the call with the status from the end of the response.</summary>
    public Status End()
    {
        _ended = true;
        return Finish(StatusAtEnd());
    }

    /// <summary>Settles a call whose response had to have a message, and had none.</summary>
    protected Status EndWithoutMessage()
    {
        _ended = true;
        var status = StatusAtEnd();
        return Finish(status.StatusCode == StatusCode.OK ? Outcomes.NoMessage : status);
    }

    private Status StatusAtEnd() =>
        (TrailersOnly ? Outcomes.Read(_response!.Headers) : null) ?? Outcomes.ReadEnd(_response!);

    /// <summary>Settles the call, if it is not settled yet, and says how it was.</summary>
    public Status Finish(Status status)
    {
        var ending = status.StatusCode == StatusCode.OK ? Success : new Ending(status);
        if (Interlocked.CompareExchange(ref _ending, ending, null) is { } earlier) return earlier.Status;
        CleanUp();
        return status;
    }

    /// <summary>Settles the call after an error; the exception to throw.</summary>
    public Exception Fail(string summary, Exception error, CancellationToken token = default)
    {
        var status = Finish(StatusOf(summary, error));
        _failure = ExceptionFor(status, error, token);
        Interlocked.MemoryBarrier();
        if (_headers is { } waiting) PublishHeaders(waiting);
        return _failure;
    }

    /// <summary>Whether the exception is one that this call made, after settling.</summary>
    public bool Made(Exception error) => Final is not null && error is RpcException;

    public Exception ExceptionFor(Status status, Exception? cause = null, CancellationToken token = default)
    {
        var canceled = status.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded;
        return settings.ThrowCanceled && canceled
            ? new OperationCanceledException(status.Detail, cause, CanceledToken(token))
            : RpcExceptionFor(status);
    }

    public RpcException RpcExceptionFor(Status status) => new(status, TryGetTrailers() ?? Metadata.Empty);

    /// <summary>The body to send, made anew for each attempt.</summary>
    protected abstract HttpContent CreateContent();

    /// <summary>Whether the request can be sent a second time.</summary>
    protected abstract bool Repeatable { get; }

    /// <summary>Lets go of a request that is still being written.</summary>
    protected virtual void OnFinished() { }

    protected virtual void OnDisposed() { }

    /// <summary>Puts the call on the channel's list and starts its clock.</summary>
    protected void Begin()
    {
        active.Add(this);
        if (_deadline != DateTime.MaxValue) StartTimer();
        if (options.CancellationToken.CanBeCanceled) _registration = Register(options.CancellationToken);
    }

    /// <summary>Sends the request, again if a policy says so, until there are headers; a failing status in them settles the call.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<HttpResponseMessage> OpenAsync()
    {
        while (true)
        {
            var response = Retries
                ? await SendCatchingAsync().ConfigureAwait(false)
                : await SendAsync().ConfigureAwait(false);
            if (response is null) continue;
            var status = Outcomes.Read(response.Headers);
            if (status is { } failed && await WaitToRetryAsync(failed.StatusCode, response.Headers).ConfigureAwait(false))
            {
                response.Dispose();
                continue;
            }
            Adopt(response, status);
            return response;
        }
    }

    private bool Retries => _method.Retry is not null && Repeatable;

    private async ValueTask<HttpResponseMessage?> SendCatchingAsync()
    {
        try
        {
            return await SendAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            if (await WaitToRetryAsync(StatusOf("", error).StatusCode, null).ConfigureAwait(false)) return null;
            throw;
        }
    }

    private async ValueTask<bool> WaitToRetryAsync(StatusCode code, HttpResponseHeaders? headers)
    {
        if (code == StatusCode.OK || !Retries) return false;
        var pushback = headers is null ? null : Headers.Value(headers, Headers.Pushback);
        if (_method.Retry!.Wait(_attempt, code, pushback) is not { } wait) return false;
        await Task.Delay(wait, Token).ConfigureAwait(false);
        _attempt++;
        return true;
    }

    private ValueTask<HttpResponseMessage> SendAsync()
    {
        var request = CreateRequest();
        if (options.Credentials is not null || settings.CallCredentials.Count > 0) return SendWithCredentialsAsync(request);
        return new ValueTask<HttpResponseMessage>(Send(request));
    }

    private Task<HttpResponseMessage> Send(HttpRequestMessage request)
    {
        if (Token.IsCancellationRequested) return Task.FromCanceled<HttpResponseMessage>(Token);
        // HttpClient would otherwise buffer the response
        return settings.Invoker is HttpClient client
            ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token)
            : settings.Invoker.SendAsync(request, Token);
    }

    private async ValueTask<HttpResponseMessage> SendWithCredentialsAsync(HttpRequestMessage request)
    {
        if (settings.SendsCredentials) await AddCredentialsAsync(request).ConfigureAwait(false);
        else Log.CredentialsNotSent(settings.Logger, method.FullName);
        return await Send(request).ConfigureAwait(false);
    }

    private async Task AddCredentialsAsync(HttpRequestMessage request)
    {
        var context = CredentialReader.Context(settings.Address, method, Token);
        if (options.Credentials is { } own) await CredentialReader.AddMetadata(own, context, request).ConfigureAwait(false);
        foreach (var credentials in settings.CallCredentials)
            await CredentialReader.AddMetadata(credentials, context, request).ConfigureAwait(false);
    }

    private HttpRequestMessage CreateRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _method.Uri)
        {
            Version = settings.HttpVersion,
            VersionPolicy = settings.HttpVersionPolicy,
            Content = CreateContent(),
        };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("User-Agent", Headers.UserAgent);
        headers.TryAddWithoutValidation("TE", "trailers");
        headers.TryAddWithoutValidation(Headers.AcceptEncoding, settings.AcceptEncoding);
        if (options.Headers is { Count: > 0 } metadata) AddMetadata(headers, metadata);
        if (_deadline != DateTime.MaxValue) headers.TryAddWithoutValidation(Headers.Timeout, Headers.FormatTimeout(Remaining()));
        if (_attempt > 1) headers.TryAddWithoutValidation(Headers.PreviousAttempts, $"{_attempt - 1}");
        return request;
    }

    private static void AddMetadata(HttpRequestHeaders headers, Metadata metadata)
    {
        foreach (var entry in metadata)
        {
            if (entry.Key == Headers.Timeout) continue;
            if (entry.Key == Headers.RequestEncoding) headers.TryAddWithoutValidation(Headers.Encoding, entry.Value);
            else Headers.Add(headers, entry);
        }
    }

    private void Adopt(HttpResponseMessage response, Status? status)
    {
        TrailersOnly = status is not null;
        _response = response;
        Interlocked.MemoryBarrier();
        if (_headers is { } waiting) PublishHeaders(waiting);
        // a cancellation that came before the line above has seen no response to dispose
        if (Token.IsCancellationRequested) response.Dispose();
        if (status is { StatusCode: not StatusCode.OK }) End();
        else if (status is null && Outcomes.Invalid(response) is { } invalid) Finish(invalid);
    }

    private Task<Metadata> HeadersAsync()
    {
        var created = new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
        var headers = Interlocked.CompareExchange(ref _headers, created, null) ?? created;
        PublishHeaders(headers);
        return headers.Task;
    }

    private void PublishHeaders(TaskCompletionSource<Metadata> headers)
    {
        if (_response is { } response && !headers.Task.IsCompleted) headers.TrySetResult(HeadersOf(response));
        else if (_failure is { } failure && headers.TrySetException(failure)) _ = headers.Task.Exception;
    }

    private Metadata HeadersOf(HttpResponseMessage response)
    {
        var headers = Headers.ToMetadata(response.Headers);
        if (_attempt > 1) headers.Add(Headers.PreviousAttempts, $"{_attempt - 1}");
        return headers;
    }

    private Status GetStatus() =>
        Final ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    private Metadata GetTrailers() =>
        TryGetTrailers() ?? throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");

    private Metadata? TryGetTrailers()
    {
        if (!_ended || _response is not { } response) return null;
        return _trailers ??= Headers.ToMetadata(TrailersOnly ? response.Headers : response.TrailingHeaders);
    }

    private CancellationTokenRegistration Register(CancellationToken token) =>
        token.UnsafeRegister(static (call, token) => ((Call)call!).Finish(
            new Status(StatusCode.Cancelled, "Call canceled by the client.", new OperationCanceledException(token))), this);

    private void CleanUp()
    {
        active.Remove(this);
        _registration.Unregister();
        _timer?.Dispose();
        if (!_ended) _cancellation.Cancel();
        OnFinished();
        // resets the stream if the server has not ended it
        _response?.Dispose();
    }

    private void StartTimer()
    {
        var remaining = Remaining();
        if (remaining <= TimeSpan.Zero)
        {
            Expire();
            return;
        }
        _timer = new Timer(static call => ((Call)call!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(DueTime(remaining), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        // timers fire early by a tick, and cannot wait as long as a deadline may lie ahead
        var remaining = Remaining();
        if (remaining <= TimeSpan.Zero) Expire();
        else if (Final is null) _timer!.Change(DueTime(remaining), Timeout.InfiniteTimeSpan);
    }

    private void Expire() => Finish(new Status(StatusCode.DeadlineExceeded, ""));

    private TimeSpan Remaining() => _deadline - TimeProvider.System.GetUtcNow().UtcDateTime;

    private static TimeSpan DueTime(TimeSpan remaining) =>
        TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(remaining.TotalMilliseconds), int.MaxValue));

    private Status StatusOf(string summary, Exception error)
    {
        if (error is RpcException rpc) return rpc.Status;
        if (error is OperationCanceledException) return new Status(StatusCode.Cancelled, "", error);
        var status = Outcomes.From(summary, error);
        // the server may cancel an expired call before the timer here has fired
        return status.StatusCode == StatusCode.Cancelled && Remaining() <= TimeSpan.Zero
            ? new Status(StatusCode.DeadlineExceeded, status.Detail, error)
            : status;
    }

    private CancellationToken CanceledToken(CancellationToken token)
    {
        if (token.IsCancellationRequested) return token;
        return options.CancellationToken.IsCancellationRequested ? options.CancellationToken : Token;
    }

    private static DateTime CheckDeadline(DateTime? deadline)
    {
        if (deadline is not { } time || time == DateTime.MaxValue) return DateTime.MaxValue;
        return time == DateTime.MinValue || time.Kind == DateTimeKind.Utc
            ? time
            : throw new InvalidOperationException("Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");
    }

    private sealed record Ending(Status Status);
}
