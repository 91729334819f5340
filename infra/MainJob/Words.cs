using System.Globalization;

namespace Metering.MainJob;

/// <summary>How numbers are written, the same in every country.</summary>
internal static class Words
{
    internal static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";

    /// <summary>Nano-dollars as dollars: at least cents, more digits only where there are any.</summary>
    internal static string Dollars(long nanos) =>
        (nanos / 1_000_000_000m).ToString("$#,##0.00#######;-$#,##0.00#######", CultureInfo.InvariantCulture);

    /// <summary>Nano-dollars rounded to cents.</summary>
    internal static string Cents(long nanos) => (nanos / 1_000_000_000m).ToString("$#,##0.00;-$#,##0.00", CultureInfo.InvariantCulture);

    internal static string Moment(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A script reads it: digits only.</summary>
    internal static string Plain(long number) => number.ToString(CultureInfo.InvariantCulture);
}
