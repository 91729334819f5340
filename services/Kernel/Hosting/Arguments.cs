namespace Metering.Kernel.Hosting;

/// <summary>What follows a program's name: a misspelt setting would else be ignored without a word.</summary>
/// <param name="Settings">The settings: <c>--NAME=value</c>.</param>
/// <param name="ConfigFile">A file with more of them; none.</param>
/// <param name="StopsWithStdin">Whether the program ends when its standard input closes.</param>
internal sealed record Arguments(string[] Settings, string? ConfigFile, bool StopsWithStdin)
{
    private const string Config = "--config";

    // the framework's own
    private static readonly string[] Own = ["environment", "contentRoot", "applicationName"];

    /// <exception cref="InvalidOperationException">An argument is none of this program's.</exception>
    public static Arguments Read(IReadOnlyList<string> arguments, IReadOnlyList<Setting> known)
    {
        var (settings, file, stops) = (new List<string>(), (string?)null, false);
        for (var i = 0; i < arguments.Count; i++)
            if (arguments[i] == StopWithStdin.Option) stops = true;
            else if (arguments[i] == Config) file = i + 1 < arguments.Count ? arguments[++i] : throw new InvalidOperationException($"{Config} is empty; expected a file after it");
            else if (arguments[i].StartsWith(Config + "=", StringComparison.Ordinal)) file = arguments[i][(Config.Length + 1)..];
            else if (IsSetting(arguments[i], known)) settings.Add(arguments[i]);
            else throw Wrong(NameOf(arguments[i]), "--NAME=value as --help lists them");
        return new([.. settings], file, stops);
    }

    /// <summary>True if a program that knows these settings has one of this name.</summary>
    public static bool IsKnown(string name, IReadOnlyList<Setting> known) =>
        known.Any(setting => setting.Is(name)) || name.StartsWith("OTEL_", StringComparison.Ordinal)
            || Own.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool IsSetting(string argument, IReadOnlyList<Setting> known) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains('=') && IsKnown(NameOf(argument)[2..], known);

    // the value may be a key
    private static string NameOf(string argument) => argument.Split('=')[0];

    private static InvalidOperationException Wrong(string argument, string expected) =>
        new($"'{argument}' is unknown; expected {expected}");
}
