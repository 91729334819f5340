using System.Globalization;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.V1;

namespace Metering.Cli;

/// <summary>How things are written for people, the same in every country.</summary>
internal static class Words
{
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>An amount of a group's unit; money exactly, in its currency.</summary>
    public static string Amount(long amount, string unit) => Currencies.IsCurrency(unit) ? Decimals.FormatNanos(amount) : Count(amount);

    /// <summary>Money of a currency that stands elsewhere.</summary>
    public static string Money(long nanos) => Decimals.FormatNanos(nanos);

    // every digit: a moment that was shown can be asked for
    public static string Time(Timestamp? at) =>
        at?.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) ?? "";

    public static string Attributes(MapField<string, string> map) =>
        string.Join(",", map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));

    public static string Period(Period? period) => period is null ? "none" : $"{period.Number}: {Time(period.Start)} to {Time(period.End)}";

    /// <summary>All that a report can be.</summary>
    public static ReportState[] States { get; } = [.. System.Enum.GetValues<ReportState>().Except([ReportState.Unspecified])];

    /// <summary>The same as they can be typed, with commas between.</summary>
    public static string StateTerms { get; } = string.Join(", ", States.Select(state => Term(state)));

    /// <summary>What is left in a group; of overage without a bound, what is left of 64 bits says nothing to people.</summary>
    public static string Left(GroupUsage group, string amount) =>
        group.Kind == V1.GroupKind.Funding && !group.HasOverageCap ? "no bound" : amount;

    /// <summary>A name of the contract as the documentation has it and as it can be typed: InFlight is in_flight.</summary>
    public static string Term(System.Enum value) => Name(value).Replace(' ', '_');

    /// <summary>A name of the contract as people write it: FundingExhausted is funding exhausted.</summary>
    public static string Name(System.Enum value)
    {
        var words = value.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {letter}" : $"{letter}");
        return string.Concat(words).ToLowerInvariant();
    }
}
