using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server.Internal;

// One call: what a handler sees of it, and how it ends. Whatever most calls do not use is made when first asked for.
internal sealed class ServerCall(HttpContext http, CallSettings settings) : ServerCallContext, IServerCallContextFeature
{
    private static readonly AuthContext Unauthenticated = new(null, []);

    private Metadata? _requestHeaders;
    private Metadata? _trailers;
    private Status _status = Status.DefaultSuccess;
    private AuthContext? _authContext;
    private Activity? _activity;
    private CallDeadline? _deadline;

    public HttpContext Http => http;

    public CallSettings Settings => settings;

    // how this call's messages are compressed; null: not at all
    public ICompressionProvider? Compression { get; private set; }

    public bool DeadlinePassed => _deadline is { Passed: true };

    ServerCallContext IServerCallContextFeature.ServerCallContext => this;

    protected override string MethodCore => http.Request.Path.Value!;

    protected override string HostCore => http.Request.Host.Value!;

    protected override string PeerCore => http.Connection is { RemoteIpAddress: { } address, RemotePort: var port }
        ? address.AddressFamily switch
        {
            AddressFamily.InterNetwork => $"ipv4:{address}:{port}",
            AddressFamily.InterNetworkV6 => $"ipv6:[{address}]:{port}",
            _ => $"unknown:{address}:{port}",
        }
        : "unknown";

    protected override DateTime DeadlineCore => _deadline?.Deadline ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= Protocol.ReadHeaders(http.Request.Headers);

    protected override CancellationToken CancellationTokenCore => _deadline?.CancellationToken ?? http.RequestAborted;

    protected override Metadata ResponseTrailersCore => _trailers ??= [];

    protected override Status StatusCore
    {
        get => _status;
        set => _status = value;
    }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= ReadCertificate();

    protected override IDictionary<object, object> UserStateCore => http.Items!;

    public void Begin()
    {
        http.Features.Set<IServerCallContextFeature>(this);
        http.Response.ContentType = Protocol.ContentType;
        _activity = http.Features.Get<IHttpActivityFeature>()?.Activity;
        _activity?.AddTag("grpc.method", Method);
        if (Protocol.ReadTimeout(http.Request.Headers.GrpcTimeout) is { } timeout) _deadline = new CallDeadline(this, timeout);
        if (settings.ResponseCompression is { } provider && Accepts(provider.EncodingName)) UseCompression(provider.EncodingName);
    }

    public ValueTask EndAsync()
    {
        if (_deadline is not null) return EndBeforeDeadlineAsync(_deadline);
        SendStatus();
        return default;
    }

    public ValueTask FailAsync(Exception error, string method)
    {
        _status = StatusOf(error, method);
        return EndAsync();
    }

    // The status first, then the end of the response, then the end of the request: a client gets to read why.
    public async Task ExpireAsync()
    {
        Log.DeadlineExceeded(settings.Logger, Method);
        _status = new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded");
        try
        {
            Protocol.SetStatus(Protocol.StatusDestination(http.Response), _status);
            if (http.Features.Get<IHttpResponseBodyFeature>() is { } body) await body.CompleteAsync();
        }
        finally
        {
            Reset();
        }
    }

    public void Reset()
    {
        if (http.Features.Get<IHttpResetFeature>() is { } feature) feature.Reset(Protocol.CancelErrorCode(http.Request));
        else http.Abort();
    }

    // The names that this server can read, for a client that used another.
    public void TellEncodings(string encodings)
    {
        if (!http.Response.HasStarted) http.Response.Headers.GrpcAcceptEncoding = encodings;
    }

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (http.Response.HasStarted) throw new InvalidOperationException("Response headers can only be sent once per call.");
        foreach (var entry in responseHeaders)
        {
            if (entry.Key == Protocol.EncodingRequestHeader) UseCompression(entry.Value);
            else Protocol.Append(http.Response.Headers, entry, "header");
        }
        return http.Response.BodyWriter.FlushAsync().AsTask();
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotImplementedException("CreatePropagationToken will be implemented in a future version.");

    private async ValueTask EndBeforeDeadlineAsync(CallDeadline deadline)
    {
        try
        {
            if (await deadline.TryEndAsync()) SendStatus();
        }
        finally
        {
            await deadline.DisposeAsync();
        }
    }

    private void SendStatus()
    {
        var destination = Protocol.StatusDestination(http.Response);
        if (_trailers is not null)
            foreach (var entry in _trailers) Protocol.Append(destination, entry, "trailer");
        Protocol.SetStatus(destination, _status);
        _activity?.AddTag("grpc.status_code", Protocol.Text(_status.StatusCode));
    }

    private Status StatusOf(Exception error, string method)
    {
        if (error is RpcException rpc)
        {
            Log.Refused(settings.Logger, rpc.StatusCode, rpc.Status.Detail, rpc.Status.DebugException);
            foreach (var entry in rpc.Trailers) ResponseTrailersCore.Add(entry);
            return rpc.Status;
        }
        if (error is OperationCanceledException or IOException && CancellationTokenCore.IsCancellationRequested)
            Log.Cancelled(settings.Logger, method, error);
        else Log.Failed(settings.Logger, method, error);
        const string message = "Exception was thrown by handler.";
        return new Status(StatusCode.Unknown, settings.EnableDetailedErrors ? $"{message} {Detail(error)}" : message, error);
    }

    private static string Detail(Exception error)
    {
        var text = new StringBuilder();
        for (var e = error; e is not null; e = e.InnerException)
            text.Append(text.Length > 0 ? " " : "").Append(e.GetType().Name).Append(": ").Append(e.Message);
        return text.ToString();
    }

    private void UseCompression(string encoding)
    {
        Compression = settings.CompressionProviders.GetValueOrDefault(encoding);
        http.Response.Headers.GrpcEncoding = encoding;
    }

    private bool Accepts(string encoding)
    {
        var accepted = http.Request.Headers.GrpcAcceptEncoding.ToString().AsSpan();
        foreach (var range in accepted.Split(','))
            if (accepted[range].Trim().SequenceEqual(encoding)) return true;
        return false;
    }

    private AuthContext ReadCertificate() =>
        http.Connection.ClientCertificate is { } certificate ? Certificates.ToAuthContext(certificate) : Unauthenticated;
}
