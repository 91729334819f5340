namespace Metering.Bench.Loads;

/// <summary>
/// What was acknowledged to the callers, per user, over all runs on one store, warm-ups included: what the store must say in the end. A
/// cycle that
/// failed may have been charged or not.
/// </summary>
internal sealed class Tally(int users)
{
    private readonly long[] acknowledged = new long[users];
    private readonly long[] unknown = new long[users];

    internal Tally() : this(Users.All)
    {
    }

    internal void Acknowledge(int user) => Interlocked.Increment(ref acknowledged[user]);

    internal void Lose(int user) => Interlocked.Increment(ref unknown[user]);

    /// <summary>Acknowledged cycles of all users.</summary>
    internal long Total => acknowledged.Sum();

    /// <summary>True if the amount used can be what these cycles came to.</summary>
    internal bool Agrees(int user, long used) =>
        used % Cycle.Charged == 0
        && used / Cycle.Charged >= acknowledged[user] && used / Cycle.Charged <= acknowledged[user] + unknown[user];

    /// <summary>How many users' amounts cannot be.</summary>
    internal int Mismatches(Func<int, long> used) => Enumerable.Range(0, acknowledged.Length).Count(user => !Agrees(user, used(user)));
}
