namespace Metering.Ledger.Stored;

/// <summary>How the ledgers' streams are named: one per user, <c>ledger-{user}</c>.</summary>
public static class LedgerStreams
{
    /// <summary>What their names start with.</summary>
    public const string Prefix = "ledger-";

    public static string Of(string user) => Prefix + user;

    public static string UserOf(string stream) => stream[Prefix.Length..];
}
