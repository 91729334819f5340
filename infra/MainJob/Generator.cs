namespace Metering.MainJob;

/// <summary>
/// Makes up a trace of the shape of a real one: an hour of calls to a chat model. The same seed makes the same trace on every machine, so
/// numbers are whole and the randomness is our own.
/// </summary>
internal sealed class Generator(ulong seed)
{
    internal const int Calls = 19_000;

    private const int Steps = 1_000_000;

    // Which value the lowest so many millionths of the calls stay below, as in an hour of a public trace.
    private static readonly (int Upto, int Tokens)[] Inputs =
    [
        (0, 2), (10_000, 29), (100_000, 207), (250_000, 396), (500_000, 1020), (750_000, 1189), (900_000, 2735), (990_000, 4142),
        (Steps, 14_050),
    ];

    private static readonly (int Upto, int Tokens)[] Outputs =
    [
        (0, 7), (10_000, 16), (100_000, 54), (250_000, 85), (500_000, 129), (750_000, 395), (900_000, 424), (990_000, 601),
        (Steps, 1000),
    ];

    private static readonly DateTimeOffset Start = new(2025, 1, 15, 9, 0, 0, TimeSpan.Zero);

    private ulong state = seed;

    internal static Trace Make(ulong seed = 1, int calls = Calls)
    {
        var generator = new Generator(seed);
        var at = Start;
        var rows = new List<TraceRow>(calls);
        for (var n = 0; n < calls; n++) rows.Add(generator.Row(at = at.AddMilliseconds(generator.Below(2 * 3_600_000 / Calls))));
        return new Trace("made up", rows);
    }

    private TraceRow Row(DateTimeOffset at) => new(at, Drawn(Inputs), Drawn(Outputs));

    private long Drawn((int Upto, int Tokens)[] shape)
    {
        var draw = Below(Steps);
        var after = Array.FindIndex(shape, 1, point => draw < point.Upto);
        var (low, high) = (shape[after - 1], shape[after]);
        return low.Tokens + (long)(draw - low.Upto) * (high.Tokens - low.Tokens) / (high.Upto - low.Upto);
    }

    private int Below(int bound) => (int)(Next() % (ulong)bound);

    // SplitMix64.
    private ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
