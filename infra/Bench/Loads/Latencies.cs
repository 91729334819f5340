using System.Diagnostics;

namespace Metering.Bench.Loads;

/// <summary>Every latency of a run, in order: percentiles are those of the samples themselves.</summary>
internal sealed class Latencies
{
    private readonly double[] sorted;

    internal Latencies(IEnumerable<double> milliseconds)
    {
        sorted = [.. milliseconds];
        Array.Sort(sorted);
    }

    internal int Count => sorted.Length;

    /// <summary>In milliseconds: the least sample that this share of all samples is not above. NaN without samples.</summary>
    internal double At(double percent) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];

    internal static Latencies OfTicks(IEnumerable<long> ticks) => new(ticks.Select(each => each * 1_000.0 / Stopwatch.Frequency));
}
