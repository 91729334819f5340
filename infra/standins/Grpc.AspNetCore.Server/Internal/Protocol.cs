using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Grpc.AspNetCore.Server.Internal;

// gRPC over HTTP/2 as published: headers, trailers, timeouts, encodings of values.
internal static class Protocol
{
    public const string ContentType = "application/grpc";
    public const string Identity = "identity";

    // a header that a handler sends to choose the encoding of its call's messages; never on the wire
    public const string EncodingRequestHeader = "grpc-internal-encoding-request";

    // the most that a timeout of eight digits of seconds can say
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(99_999_999);

    private static readonly string[] StatusTexts = [.. Enumerable.Range(0, 17).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    private static readonly HashSet<string> TransportHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.GrpcEncoding, HeaderNames.GrpcAcceptEncoding, HeaderNames.GrpcTimeout, HeaderNames.ContentEncoding,
        HeaderNames.ContentType, HeaderNames.TE, HeaderNames.Host, HeaderNames.AcceptEncoding,
    };

    public static bool IsGrpc([NotNullWhen(true)] string? contentType) =>
        contentType is not null && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) &&
        (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or '+');

    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    public static int CancelErrorCode(HttpRequest request) => HttpProtocol.IsHttp3(request.Protocol) ? 0x010c : 0x8;

    // A status goes to the trailers once the response has begun; before that the headers are all there will be.
    public static IHeaderDictionary StatusDestination(HttpResponse response)
    {
        if (!response.HasStarted) return response.Headers;
        var trailers = response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        return trailers is { IsReadOnly: false }
            ? trailers
            : throw new InvalidOperationException("Trailers are not supported for this response. The server may not support gRPC.");
    }

    public static void SetStatus(IHeaderDictionary destination, Status status)
    {
        destination.GrpcStatus = Text(status.StatusCode);
        destination.GrpcMessage = string.IsNullOrEmpty(status.Detail) ? StringValues.Empty : PercentEncode(status.Detail);
    }

    public static string Text(StatusCode code) =>
        (uint)code < (uint)StatusTexts.Length ? StatusTexts[(int)code] : ((int)code).ToString(CultureInfo.InvariantCulture);

    public static void Append(IHeaderDictionary destination, Metadata.Entry entry, string what)
    {
        try
        {
            destination.Append(entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Error adding response {what} '{entry.Key}'.", e);
        }
    }

    public static Metadata ReadHeaders(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(':') || TransportHeaders.Contains(name)) continue;
            if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase)) metadata.Add(name, values.ToString());
            else foreach (var value in values.ToString().Split(',')) metadata.Add(name, FromBase64(value.Trim()));
        }
        return metadata;
    }

    // Null: there is none, or none that can be read.
    public static TimeSpan? ReadTimeout(StringValues header)
    {
        if (header.Count != 1 || header[0] is not { Length: >= 2 } text) return null;
        if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)) return null;
        var timeout = Timeout(amount, text[^1]);
        return timeout <= TimeSpan.Zero ? null : timeout > MaxTimeout ? MaxTimeout : timeout;
    }

    private static TimeSpan Timeout(long amount, char unit) => unit switch
    {
        'H' => TimeSpan.FromHours(amount),
        'M' => TimeSpan.FromMinutes(amount),
        'S' => TimeSpan.FromSeconds(amount),
        'm' => TimeSpan.FromMilliseconds(amount),
        'u' => TimeSpan.FromMicroseconds(amount),
        'n' => TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick),
        _ => TimeSpan.Zero,
    };

    // senders may leave out the padding
    private static byte[] FromBase64(string text) => Convert.FromBase64String((text.Length % 4) switch
    {
        2 => text + "==",
        3 => text + "=",
        _ => text,
    });

    private static string PercentEncode(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('%')) return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return encoded.ToString();
    }
}
