using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Stripe;

/// <summary>
/// Whether a webhook's body is Stripe's, and what it says. A body that fails is a <see cref="StripeException"/>; a thin event's
/// notification is an <see cref="ArgumentException"/>, as it wants <see cref="StripeClient.ParseEventNotification"/>.
/// </summary>
public static class EventUtility
{
    /// <summary>In seconds.</summary>
    public const int DefaultTimeTolerance = 300;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public static Event ConstructEvent(
        string json, string stripeSignatureHeader, string secret, long tolerance = DefaultTimeTolerance,
        bool throwOnApiVersionMismatch = true) =>
        ConstructEvent(json, stripeSignatureHeader, secret, tolerance, Now, throwOnApiVersionMismatch);

    public static Event ConstructEvent(
        string json, string stripeSignatureHeader, string secret, long tolerance, long utcNow, bool throwOnApiVersionMismatch = true)
    {
        ValidateSignature(json, stripeSignatureHeader, secret, tolerance, utcNow);
        return ParseEvent(json, throwOnApiVersionMismatch);
    }

    public static Event ParseEvent(string json, bool throwOnApiVersionMismatch = true)
    {
        if (ObjectOf(json) == "v2.core.event")
            throw new ArgumentException("This is a thin event's notification: StripeClient.ParseEventNotification reads it.", nameof(json));
        var parsed = StripeEntity.FromJson<Event>(json);
        if (throwOnApiVersionMismatch && !IsCompatibleApiVersion(parsed.ApiVersion)) throw Mismatch(parsed.ApiVersion);
        return parsed;
    }

    public static void ValidateSignature(string json, string stripeSignatureHeader, string secret, long tolerance = DefaultTimeTolerance) =>
        ValidateSignature(json, stripeSignatureHeader, secret, tolerance, Now);

    /// <summary>The signature first, then the time: an old body that is not Stripe's is said not to be Stripe's.</summary>
    public static void ValidateSignature(string json, string stripeSignatureHeader, string secret, long tolerance, long utcNow)
    {
        var items = Items(stripeSignatureHeader);
        var timestamp = items["t"].FirstOrDefault();
        var expected = Encoding.ASCII.GetBytes(SafeSignature(secret, timestamp, json));
        if (!items["v1"].Any(given => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), expected)))
            throw new StripeException("The Stripe-Signature header has no signature that the webhook's secret makes of this body.");
        if (Math.Abs(utcNow - int.Parse(timestamp, CultureInfo.InvariantCulture)) > tolerance)
            throw new StripeException("The webhook was signed too long ago, or too far ahead: its time is outside of the tolerance.");
    }

    public static string ComputeSignature(string secret, string timestamp, string payload) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Strict.GetBytes(secret), Strict.GetBytes($"{timestamp}.{payload}")));

    public static bool IsCompatibleApiVersion(string eventApiVersion) =>
        IsCompatibleApiVersion(StripeConfiguration.ApiVersion, eventApiVersion);

    /// <summary>Versions are a date and a release train; within a train they are compatible, previews only with themselves.</summary>
    public static bool IsCompatibleApiVersion(string sdkApiVersion, string eventApiVersion)
    {
        if (!eventApiVersion.Contains('.', StringComparison.Ordinal)) return false;
        var train = sdkApiVersion.Split('.')[1];
        return train == "preview" ? eventApiVersion == sdkApiVersion : eventApiVersion.Split('.')[1] == train;
    }

    internal static string ObjectOf(string json)
    {
        using var body = JsonDocument.Parse(json);
        return body.RootElement.TryGetProperty("object", out var named) ? named.GetString() : null;
    }

    private static string SafeSignature(string secret, string timestamp, string json)
    {
        try
        {
            return ComputeSignature(secret, timestamp, json);
        }
        catch (EncoderFallbackException e)
        {
            throw new StripeException("The webhook's signature cannot be computed: its text is not valid Unicode.", e);
        }
    }

    private static ILookup<string, string> Items(string header) =>
        header.Trim().Split(',').Select(item => item.Trim().Split('=', 2)).ToLookup(pair => Two(pair)[0], pair => pair[1]);

    private static string[] Two(string[] pair) =>
        pair.Length == 2 ? pair : throw new StripeException("The Stripe-Signature header is not a list of key=value.");

    private static StripeException Mismatch(string version) => new(
        $"The event is of API version {version}; Stripe.net {StripeConfiguration.StripeNetVersion} reads {StripeConfiguration.ApiVersion}. "
        + "Make a webhook endpoint with that version, or pass throwOnApiVersionMismatch: false.");
}
