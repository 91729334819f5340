using System.Security.Cryptography.X509Certificates;

namespace EventStore.Client;

/// <summary>The HTTP handler of a channel: keep-alive pings, and TLS as the settings say.</summary>
internal static class Handlers
{
    public static HttpMessageHandler Create(EventStoreClientConnectivitySettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            KeepAlivePingDelay = settings.KeepAliveInterval,
            KeepAlivePingTimeout = settings.KeepAliveTimeout,
            EnableMultipleHttp2Connections = true,
        };
        if (settings.Insecure) return handler;
        if (settings.ClientCertificate is { } own) handler.SslOptions.ClientCertificates = [own];
        if (!settings.TlsVerifyCert)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        else if (settings.TlsCaFile is { } authority)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                IsSignedBy(authority, certificate, chain);
        return handler;
    }

    private static bool IsSignedBy(X509Certificate2 authority, X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is not X509Certificate2 peer || chain is null) return false;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return chain.Build(peer);
    }
}
