namespace Metering.Bench.Processes;

/// <summary>Where the programs of this repository are, once built.</summary>
internal static class Repository
{
    internal static string Built(string project, string assembly)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (here.Name, here.Parent!.Name);
        while (here is not null && !Directory.Exists(Path.Combine(here.FullName, project))) here = here.Parent;
        var built = here is null ? null : Path.Combine(here.FullName, project, "bin", configuration, framework, assembly + ".dll");
        return File.Exists(built) ? built : throw new InvalidOperationException(
            $"{assembly} is not built; expected {built}: run `make build`");
    }
}
