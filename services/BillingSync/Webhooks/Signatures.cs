using Metering.BillingSync.Sending;
using Stripe;

namespace Metering.BillingSync.Webhooks;

/// <summary>What is wrong with a webhook's signature.</summary>
public enum SignatureFlaw { None, Forged, Old }

/// <summary>Whether a webhook is Stripe's: signed a short time ago with any of the secrets, as a new one may stand beside the old.</summary>
public sealed class Signatures(StripeOptions options, TimeProvider clock)
{
    /// <summary>How many seconds ago it may have been signed.</summary>
    public const long Tolerance = 300;

    /// <summary>None is configured: nothing can be checked, so nothing is taken.</summary>
    public bool HasSecret => options.WebhookSecrets.Count > 0;

    public SignatureFlaw Check(string body, string header) =>
        options.WebhookSecrets.Any(secret => IsSigned(body, header, secret, Tolerance)) ? SignatureFlaw.None
        : options.WebhookSecrets.Any(secret => IsSigned(body, header, secret, long.MaxValue)) ? SignatureFlaw.Old
        : SignatureFlaw.Forged;

    // what is no header at all fails in ways of its own
    private bool IsSigned(string body, string header, string secret, long tolerance)
    {
        try
        {
            EventUtility.ValidateSignature(body, header, secret, tolerance, clock.GetUtcNow().ToUnixTimeSeconds());
            return true;
        }
        catch (Exception flaw) when (flaw
            is StripeException or FormatException or OverflowException or IndexOutOfRangeException or ArgumentException)
        {
            return false;
        }
    }
}
