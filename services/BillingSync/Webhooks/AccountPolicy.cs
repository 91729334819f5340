using Metering.V1;

namespace Metering.BillingSync.Webhooks;

/// <summary>What Stripe's events mean for accounts, by the settings.</summary>
/// <param name="Plans">Plan ids by the id, the lookup key or the product of a Stripe price.</param>
/// <param name="Change">How a plan follows another.</param>
/// <param name="SuspendAfter">After so many failed payments of an invoice, or the last that Stripe makes; 0: never.</param>
/// <param name="Credits">What a payment is worth, by Stripe's currency in lower case; others: the currency itself.</param>
public sealed record AccountPolicy(
    IReadOnlyDictionary<string, string> Plans, PlanChange Change, int SuspendAfter, IReadOnlyDictionary<string, CreditOptions> Credits)
{
    // as Stripe lists them; ISK and UGX count in hundredths there
    private static readonly HashSet<string> WithoutDecimals = new(StringComparer.OrdinalIgnoreCase)
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    };

    private static readonly HashSet<string> WithThree = new(StringComparer.OrdinalIgnoreCase) { "BHD", "JOD", "KWD", "OMR", "TND" };

    /// <summary>What the smallest unit of a currency grants: without a setting, itself, in nano-units.</summary>
    public CreditOptions CreditOf(string currency) => Credits.GetValueOrDefault(currency.ToLowerInvariant()) ?? new CreditOptions
    {
        Unit = currency.ToUpperInvariant(),
        PerSmallestUnit = WithoutDecimals.Contains(currency) ? 1_000_000_000 : WithThree.Contains(currency) ? 1_000_000 : 10_000_000,
    };
}

/// <summary>What a payment in one currency grants.</summary>
public sealed class CreditOptions
{
    /// <summary>A meter's unit, or a currency.</summary>
    public string Unit { get; set; } = "";

    /// <summary>How much of it for each of the currency's smallest unit, such as a cent; nano-units of a currency. 1 or more.</summary>
    public long PerSmallestUnit { get; set; }
}
