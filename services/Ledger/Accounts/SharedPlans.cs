using Metering.Ledger.Catalog;

namespace Metering.Ledger.Accounts;

/// <summary>
/// Plans that many users have: each is one object in memory, however many ledgers say it, from whatever event or snapshot it was read. A
/// plan is a value, so only memory depends on which were met lately.
/// </summary>
public static class SharedPlans
{
    private const int Slots = 1_024;

    // a slot is read and written whole, by any thread: at worst two users' plans are two objects
    private static readonly Plan?[] Known = new Plan?[Slots];

    /// <summary>An equal plan, the same one for all as long as it is remembered.</summary>
    public static Plan Of(Plan plan)
    {
        ref var slot = ref Known[(uint)plan.GetHashCode() % Slots];
        return slot is { } known && known == plan ? known : slot = plan;
    }
}
