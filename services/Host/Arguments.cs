using Metering.Kernel.Hosting;

namespace Metering.Host;

/// <summary>What may follow the program's name: a misspelt setting would else be ignored without a word.</summary>
internal static class Arguments
{
    private static readonly HashSet<string> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        "Urls", "HealthUrls", "DataFolder", "EventStore", "ReadModels", "Bus", "Reservations", "Balances", "Stripe", "Logging",
        "environment", "contentRoot", "applicationName",
    };

    /// <exception cref="InvalidOperationException">An argument is none of this host's.</exception>
    public static void Check(IEnumerable<string> arguments)
    {
        if (arguments.FirstOrDefault(argument => argument != StopWithStdin.Option && !IsSetting(argument)) is { } unknown)
            throw new InvalidOperationException($"'{NameOf(unknown)}' is unknown; expected --NAME=value as --help lists them");
    }

    private static bool IsSetting(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal) || !argument.Contains('=')) return false;
        var section = NameOf(argument)[2..].Split(':')[0];
        return Sections.Contains(section) || section.StartsWith("OTEL_", StringComparison.Ordinal);
    }

    // the value may be a key
    private static string NameOf(string argument) => argument.Split('=')[0];
}
