using System.Globalization;

namespace Metering.Bench.Processes;

/// <summary>
/// The processor time of processes and their children, living and waited for, as Linux counts it (in hundredths of a second).
/// </summary>
/// <param name="Pids">None: a server that runs elsewhere, or none at all.</param>
internal sealed record Server(params int[] Pids)
{
    private const double TicksPerSecond = 100;

    internal static readonly Server None = new();
    internal static readonly Server Own = new(Environment.ProcessId);

    /// <summary>In seconds, of all threads; none where it cannot be told.</summary>
    internal double? ProcessorSeconds() => Pids.Length == 0 ? null : Pids.Sum(Seconds);

    private static double? Seconds(int pid)
    {
        if (Stat(pid) is not { } own) return null;
        if (pid == Environment.ProcessId) return Sum(own, 4); // our living children are servers, counted by themselves
        return Sum(own, 4) + Children(pid).Sum(child => Sum(child, 2));
    }

    private static IEnumerable<string[]> Children(int pid) =>
        from folder in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), out _)
        let stat = Stat(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
        where stat is not null && stat[1] == pid.ToString(CultureInfo.InvariantCulture)
        select stat;

    // utime, stime, then those of children waited for
    private static double Sum(string[] stat, int fields) =>
        stat.Skip(11).Take(fields).Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;

    // what follows the program's name, which may hold anything
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
