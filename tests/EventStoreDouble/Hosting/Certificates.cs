using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Metering.EventStoreDouble.Hosting;

/// <summary>A certificate for this process and loopback, signed by nobody.</summary>
internal static class Certificates
{
    private static readonly Lock Gate = new();
    private static X509Certificate2? _made;

    public static X509Certificate2 OfLoopback(TimeProvider time)
    {
        lock (Gate) return _made ??= Make(time.GetUtcNow());
    }

    private static X509Certificate2 Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=EventStoreDouble", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
