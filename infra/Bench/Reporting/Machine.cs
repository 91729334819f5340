using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Grpc.Net.Client;

namespace Metering.Bench.Reporting;

/// <summary>Where and when figures were taken: without it they say nothing.</summary>
internal sealed record Machine(
    string Date, int Cores, string Processor, double MemoryGib, string System, string Runtime, string Grpc, double LoadAtStart,
        string FileSystem)
{
    /// <summary>Above this others share the machine, and figures are not to be quoted.</summary>
    internal const double QuietLoad = 1;

    internal bool IsQuiet => LoadAtStart <= QuietLoad;

    internal static Machine Look(string folder) => new(
        TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture), Environment.ProcessorCount,
        Field("/proc/cpuinfo", "model name") ?? "unknown", Math.Round(Kilobytes("MemTotal") / 1024 / 1024, 1),
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription, Package(typeof(GrpcChannel)), Load(),
        new DriveInfo(folder).DriveFormat);

    private static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    // which gRPC was measured counts as much as which machine
    private static string Package(Type type) =>
        type.Assembly.GetName().Name + " "
        + type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];

    private static double Kilobytes(string name) => double.Parse(Field("/proc/meminfo", name)!.Split(' ')[0], CultureInfo.InvariantCulture);

    private static string? Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
