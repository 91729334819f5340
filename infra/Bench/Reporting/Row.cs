using Metering.Bench.Loads;

namespace Metering.Bench.Reporting;

/// <summary>One measurement. Times in milliseconds, processor time in microseconds per cycle; null where it cannot be told.</summary>
internal sealed record Row(
    string Name, string Users, int Callers, double CyclesPerSecond, int Cycles, double P50, double P99, double P999, long Errors,
    string? FirstError, double ClientMicros, double? ServerMicros, double? BytesPerCycle, int? Mismatches, string Durability)
{
    internal static Row Of(
        string name, Users users, int callers, Measured measured, double? bytes, int? mismatches, string durability) => new(
        name, users.Name, callers, measured.PerSecond, measured.Latencies.Count, measured.Latencies.At(50), measured.Latencies.At(99),
        measured.Latencies.At(99.9), measured.Errors, measured.FirstError, PerCycle(measured, measured.ClientSeconds)!.Value,
        PerCycle(measured, measured.ServerSeconds), bytes, mismatches, durability);

    private static double? PerCycle(Measured measured, double? seconds) => seconds * 1e6 / Math.Max(1, measured.Latencies.Count);
}

/// <summary>One figure beside the table: a rate, a time, a size.</summary>
internal sealed record Figure(string Name, double Value, string Unit, string What);

/// <summary>What must hold, of design section 12.</summary>
/// <param name="Ratio">Measured over what it is measured against.</param>
/// <param name="Least">True if the ratio must be the limit or more, false if the limit or less.</param>
internal sealed record Bar(string Name, double Ratio, double Limit, bool Least, string What)
{
    internal bool Holds => Least ? Ratio >= Limit : Ratio <= Limit;

    internal string Line() => FormattableString.Invariant($"bench: {Name} ratio {Ratio:0.00} bar {Limit:0.##} {(Holds ? "ok" : "short")}");
}
