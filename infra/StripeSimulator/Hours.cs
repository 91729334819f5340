using System.Globalization;
using System.Text.RegularExpressions;

namespace Metering.StripeSimulator;

/// <summary>A length of time as hours:minutes:seconds, with as many hours as it takes: 25:00:00 is a day and an hour.</summary>
internal static partial class Hours
{
    internal static bool TryParse(string? text, out TimeSpan time)
    {
        var match = Form().Match(text ?? "");
        time = match.Success ? new TimeSpan(Part(match, 1), Part(match, 2), Part(match, 3)) : default;
        return match.Success;
    }

    private static int Part(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d{1,6}):([0-5]\d):([0-5]\d)\z")]
    private static partial Regex Form();
}
