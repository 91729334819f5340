using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Balances.ReadModels;

/// <summary>The streams that everything here follows: one ledger per user.</summary>
public static class LedgerStreams
{
    public const string Prefix = "ledger-";

    public static string Of(string user) => Prefix + user;

    public static string UserOf(string stream) => stream[Prefix.Length..];

    /// <exception cref="InvalidOperationException">The type is unknown: the reader stops.</exception>
    public static LedgerEvent Decode(StoredEvent stored) => LedgerEvents.Decode(stored.Type, stored.Data.Span);
}
