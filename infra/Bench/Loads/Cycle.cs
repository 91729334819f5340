namespace Metering.Bench.Loads;

/// <summary>What every contestant does, over and over: hold 1,000, charge 800, give 200 back, two answers one after the other.</summary>
internal static class Cycle
{
    internal const long Held = 1_000;
    internal const long Charged = 800;
    internal const string Meter = "llm.tokens";
}

/// <summary>One way to meter usage. A cycle that ends without an exception was acknowledged, both parts.</summary>
internal interface IContestant
{
    /// <param name="caller">Which of the callers; none has two cycles under way.</param>
    /// <param name="user">Whose usage.</param>
    Task Cycle(int caller, int user);
}

/// <summary>Which users a load is about.</summary>
internal readonly record struct Users(int First, int Count)
{
    internal static readonly Users Spread = new(0, 1_000);
    internal static readonly Users Hot = new(1_000, 1);
    internal const int All = 1_001;

    internal string Name => Count == 1 ? "hot" : "spread";
}
