using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Metering.BillingSync.Reports;

/// <summary>What Stripe knows a report by.</summary>
public static class Identifiers
{
    /// <summary>
    /// Short and stable: the same plan from the same source has the same identifier wherever it is decided. The source is part of it, so that a
    /// user who was erased and came back never meets the identifiers of before.
    /// </summary>
    public static string Of(string user, string? stripeCustomer, LineKey line, int revision, Guid source)
    {
        var text = string.Join('\0', user, stripeCustomer, line.StripeMeter, Text(line.Period), line.Group, Text(revision), source.ToString("N"));
        return "metering-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 20));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
