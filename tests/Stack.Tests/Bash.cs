using System.Diagnostics;

namespace Metering.StackTests;

/// <summary>Runs scripts of this repository, from its root.</summary>
internal static class Bash
{
    public static async Task<Ran> Run(IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", arguments)
        {
            WorkingDirectory = Root(), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new(process.ExitCode, await said, await complained);
    }

    private static string Root()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(here.FullName, "Metering.sln"))) here = here.Parent!;
        return here.FullName;
    }

    internal sealed record Ran(int Code, string Said, string Complained);
}
