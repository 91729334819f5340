namespace Metering.Kernel.Hosting;

/// <summary>What <c>--help</c> says.</summary>
internal static class Help
{
    public static string Of(ServiceProgram program)
    {
        var width = program.Settings.Max(setting => setting.Name.Length) + 2;
        var settings = program.Settings.Select(setting => $"  {setting.Name.PadRight(width)}{setting.Meaning} [{setting.IfAbsent}]");
        return $"""
            Metering: {program.About}

            usage: {program.Command} [--SETTING=value ...] [--config FILE] [--stop-with-stdin]

            Settings come from arguments, environment variables (`:` is `__`), FILE and appsettings.json, the first that has one.
            In brackets: what holds where none has.
            {string.Join(Environment.NewLine, settings)}

            Addresses off loopback are refused: there is no access control yet.
            --stop-with-stdin ends the program when its standard input closes.
            """;
    }
}
