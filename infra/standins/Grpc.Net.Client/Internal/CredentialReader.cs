using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Takes channel credentials apart and asks call credentials for their metadata.</summary>
internal sealed class CredentialReader : ChannelCredentialsConfiguratorBase
{
    private readonly List<CallCredentials> _calls = [];
    private bool? _secure;

    /// <summary>The call credentials within channel credentials, which must fit the address's scheme.</summary>
    public static IReadOnlyList<CallCredentials> ReadChannel(ChannelCredentials? credentials, Uri address)
    {
        if (credentials is null) return [];
        var reader = new CredentialReader();
        credentials.InternalPopulateConfiguration(reader, credentials);
        reader.CheckScheme(address);
        return reader._calls;
    }

    /// <summary>Adds the metadata of the credentials to a request.</summary>
    public static Task AddMetadata(CallCredentials credentials, AuthInterceptorContext context, HttpRequestMessage request)
    {
        var parts = new CallParts();
        credentials.InternalPopulateConfiguration(parts, null);
        return parts.AddMetadata(context, request);
    }

    public static AuthInterceptorContext Context(Uri address, IMethod method, CancellationToken cancellationToken)
    {
        // Uri leaves out the default port, as the audience in a token must
        var service = $"{address.Scheme}://{address.Authority}/{method.ServiceName}";
        return new AuthInterceptorContext(service, method.Name, cancellationToken);
    }

    public override void SetInsecureCredentials(object state) => _secure = false;

    public override void SetSslCredentials(object state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback)
    {
        if (rootCertificates is not null || keyCertificatePair is not null || verifyPeerCallback is not null)
            throw new InvalidOperationException("SslCredentials with non-null arguments is not supported by GrpcChannel. " +
                "Configure certificates on the HTTP handler.");
        _secure = true;
    }

    public override void SetCompositeCredentials(object state, ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        channelCredentials.InternalPopulateConfiguration(this, channelCredentials);
        _calls.Add(callCredentials);
    }

    private void CheckScheme(Uri address)
    {
        if (_secure is not { } secure || secure == (address.Scheme == Uri.UriSchemeHttps)) return;
        var kind = secure ? "secure" : "insecure";
        throw new InvalidOperationException($"Channel is configured with {kind} channel credentials and can't use a HttpClient with a '{address.Scheme}' scheme.");
    }

    private sealed class CallParts : CallCredentialsConfiguratorBase
    {
        private readonly List<AsyncAuthInterceptor> _interceptors = [];

        public override void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor) =>
            _interceptors.Add(interceptor);

        public override void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials)
        {
            foreach (var part in credentials) part.InternalPopulateConfiguration(this, state);
        }

        public async Task AddMetadata(AuthInterceptorContext context, HttpRequestMessage request)
        {
            foreach (var interceptor in _interceptors)
            {
                var metadata = new Metadata();
                await interceptor(context, metadata).ConfigureAwait(false);
                foreach (var entry in metadata) Headers.Add(request.Headers, entry);
            }
        }
    }
}
