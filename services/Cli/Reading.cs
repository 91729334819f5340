using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Pricing;
using Metering.V1;

namespace Metering.Cli;

/// <summary>Reads what is typed. Each says what it expected in a <see cref="FormatException"/>.</summary>
internal static class Reading
{
    private static readonly string[] Times =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    public static Timestamp? Time(string text) =>
        DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToTimestamp()
            : throw new FormatException($"expected a time like 2026-05-01T09:30:00Z (without a zone: UTC), not \"{text}\"");

    /// <summary>A whole number of so much at least.</summary>
    public static Func<string, long> Whole(long least, long most = long.MaxValue) => text =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"expected a whole number{Range(least, most)}, not \"{text}\"");

    /// <summary>The number of a billing period, 1 or more.</summary>
    public static int Period(string text) => (int)Whole(1, int.MaxValue)(text);

    /// <summary>How far a report has come, as tables show it: out_of_window.</summary>
    public static ReportState State(string text) =>
        Array.Find(Words.States, state => Words.Term(state) == text) is var found && found != ReportState.Unspecified
            ? found
            : throw new FormatException($"expected one of {Words.StateTerms}, not \"{text}\"");

    /// <summary>A factor like 1.25, in parts per million.</summary>
    public static long Markup(string text)
    {
        const string expected = "expected a factor of 0 or more with at most 6 decimals, like 1.25";
        try
        {
            var (ppm, rest) = Math.DivRem(Decimals.ParseNanos(text), 1_000);
            return rest == 0 && ppm >= 0 ? ppm : throw new FormatException($"{expected}, not \"{text}\"");
        }
        catch (FormatException wrong) when (!wrong.Message.StartsWith(expected, StringComparison.Ordinal))
        {
            throw new FormatException($"{expected}: {wrong.Message}", wrong);
        }
    }

    /// <summary>METER=QUANTITY, then attributes: llm.output_tokens=4000,model=large.</summary>
    public static Line Line(string text)
    {
        var parts = text.Split(',').Select(part => part.Split('=', 2)).ToArray();
        if (parts.Any(part => part.Length != 2 || part[0].Length == 0))
            throw new FormatException($"expected METER=QUANTITY[,KEY=VALUE...], like llm.output_tokens=4000,model=large, not \"{text}\"");
        var line = new Line { Meter = parts[0][0], Quantity = Whole(1)(parts[0][1]) };
        foreach (var part in parts.Skip(1))
            if (!line.Attributes.TryAdd(part[0], part[1]))
                throw new FormatException($"expected each attribute once; {part[0]} occurs twice");
        return line;
    }

    public static Uri Server(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? server
            : throw new FormatException($"expected an address like http://127.0.0.1:5100, not \"{text}\"");

    private static string Range(long least, long most) => most == long.MaxValue ? $" of {least} or more" : $" from {least} to {most}";
}
