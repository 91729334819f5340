using Metering.Bench.Loads;

namespace Metering.Bench.Scaling;

/// <summary>One line of the scaling table: what a size does to cycles of 64 callers. None where it was not measured.</summary>
/// <param name="Axis">What grows.</param>
/// <param name="How">What else is set.</param>
/// <param name="ServerMicros">Processor time of all hosts per cycle, in microseconds.</param>
/// <param name="FoldMs">The first command for a user whom the host has neither in memory nor in a snapshot, in milliseconds.</param>
/// <param name="FirstMs">The same with a snapshot, where there are events enough for one.</param>
/// <param name="ResidentMiB">Memory of all hosts, read models included.</param>
/// <param name="BytesPerUser">What that grew by per user since the first line of its kind.</param>
/// <param name="Mismatches">Users whose events do not add up to what was acknowledged.</param>
internal sealed record Scaled(
    string Axis, int Size, string How, double CyclesPerSecond, double P50, double P99, double? ServerMicros, double? FoldMs,
    double? FirstMs, double ResidentMiB, double? BytesPerUser, long Errors,
    string? FirstError, int? Mismatches)
{
    internal static Scaled Of(string axis, int size, string how, Measured measured, long resident) => new(
        axis, size, how, measured.PerSecond, measured.Latencies.At(50), measured.Latencies.At(99),
        measured.ServerSeconds * 1e6 / Math.Max(1, measured.Latencies.Count), null, null, resident / 1048576.0, null,
        measured.Errors, measured.FirstError, null);
}
