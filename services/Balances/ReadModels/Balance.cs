using Metering.Ledger.Accounts;

namespace Metering.Balances.ReadModels;

/// <summary>A user's balances from a state, as the ledger itself shows them.</summary>
internal static class Balance
{
    /// <summary>At a moment that is not before the state's. What had fallen due by then is in it, but not in its revision. The state is used up.</summary>
    public static Usage At(LedgerState state, DateTimeOffset at, Zones zones)
    {
        var revision = state.Revision;
        // where very much was due, it is decided in pieces
        for (; ; )
            if (Decisions.Take(state, new GetUsage(), at, zones).Answer is Usage usage) return usage with { Revision = revision };
    }
}
