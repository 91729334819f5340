using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

// Who a client certificate says the caller is, under the names that all gRPC servers use.
internal static class Certificates
{
    private const string AlternativeName = "x509_subject_alternative_name";
    private const string CommonName = "x509_common_name";

    public static AuthContext ToAuthContext(X509Certificate2 certificate)
    {
        var properties = new Dictionary<string, List<AuthProperty>>(StringComparer.Ordinal);
        Add(properties, AlternativeName, DnsNames(certificate));
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        if (!string.IsNullOrEmpty(name)) Add(properties, CommonName, [name]);
        var identity = properties.ContainsKey(AlternativeName) ? AlternativeName : properties.ContainsKey(CommonName) ? CommonName : null;
        return new AuthContext(identity, properties);
    }

    private static List<string> DnsNames(X509Certificate2 certificate) =>
        [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames())];

    private static void Add(Dictionary<string, List<AuthProperty>> properties, string key, List<string> values)
    {
        if (values.Count > 0) properties[key] = values.ConvertAll(v => AuthProperty.Create(key, Encoding.UTF8.GetBytes(v)));
    }
}
