namespace Metering.MainJob;

/// <summary>What one of the books says: tokens per user.</summary>
internal sealed record Account(string Name, IReadOnlyDictionary<string, long> Tokens)
{
    internal long Total { get; } = Tokens.Values.Sum();
}

/// <summary>Whether all books agree with the trace, per user and in total, to the token.</summary>
internal static class Checks
{
    /// <returns>Every difference, in words; none if all agree.</returns>
    internal static IReadOnlyList<string> Differences(Account trace, IEnumerable<Account> others) =>
        [.. others.SelectMany(other => Differences(trace, other))];

    private static IEnumerable<string> Differences(Account trace, Account other)
    {
        foreach (var user in trace.Tokens.Keys.Union(other.Tokens.Keys).Order(StringComparer.Ordinal))
        {
            var (expected, found) = (trace.Tokens.GetValueOrDefault(user), other.Tokens.GetValueOrDefault(user));
            if (found != expected) yield return $"{user}: {other.Name} {Words.Count(found)}, {trace.Name} {Words.Count(expected)}";
        }
    }
}
