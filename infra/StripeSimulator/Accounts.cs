using System.Collections.Concurrent;

namespace Metering.StripeSimulator;

/// <summary>The accounts, one for each API key, made at first sight.</summary>
internal sealed class Accounts(SimulatorOptions options, Faults faults, Deliveries deliveries)
{
    private readonly ConcurrentDictionary<string, SimulatorAccount> byKey = new(StringComparer.Ordinal);

    internal IEnumerable<SimulatorAccount> All => byKey.Values.OrderBy(a => a.Key, StringComparer.Ordinal);

    internal SimulatorAccount Of(string key) => byKey.GetOrAdd(key, k => new SimulatorAccount(k, options, faults, deliveries));

    internal SimulatorAccount Authorize(string header)
    {
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw Errors.NoKey();
        var key = header["Bearer ".Length..].Trim();
        return IsTestKey(key) || options.ApiKeys.Contains(key) ? Of(key) : throw Errors.BadKey(key);
    }

    /// <summary>Keys are shown by their ends only: somebody may point a client with a real one here.</summary>
    internal static string Mask(string key) => key.Length <= 12 ? key : key[..8] + "…" + key[^4..];

    private static bool IsTestKey(string key)
    {
        var parts = key.Split('_', 3);
        return parts is [("sk" or "rk"), "test", _]
            && parts[2].Length > 0 && parts[2].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}
