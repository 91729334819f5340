using Metering.Ledger.Catalog;

namespace Metering.Reservations.Requests;

/// <summary>What a request is read with: the catalog as known now, and the time.</summary>
/// <param name="Grace">Of reservations that name none.</param>
internal sealed record Asking(CatalogState Catalog, DateTimeOffset Now, TimeSpan Grace)
{
    /// <summary>The longest that a command waits to be decided: a price book may take effect in the meantime.</summary>
    private static readonly TimeSpan WaitMost = TimeSpan.FromMinutes(1);

    /// <summary>A hold and its grace, and some more for clocks that differ.</summary>
    private static readonly TimeSpan HeldMost = Limits.TimeToLiveMost + Limits.GraceMost + TimeSpan.FromHours(1);

    /// <summary>The prices of a line that is decided now.</summary>
    public Ledger.Items<Ledger.Accounts.Rate> RatesNow(string meter, Ledger.Attributes attributes) =>
        Catalog.Rates(meter, attributes, Now, Now + WaitMost);

    /// <summary>The prices of usage reported late: by the books in force when it happened, or now (rule 12).</summary>
    public Ledger.Items<Ledger.Accounts.Rate> RatesSince(DateTimeOffset? occurredAt, string meter, Ledger.Attributes attributes) =>
        Catalog.Rates(meter, attributes, occurredAt < Now ? occurredAt.Value : Now, Now + WaitMost);

    /// <summary>The prices of a line that belongs to a hold: the book in force at its reservation governs it (rule 19).</summary>
    public Ledger.Items<Ledger.Accounts.Rate> RatesOfHold(string meter, Ledger.Attributes attributes) =>
        Catalog.Rates(meter, attributes, Now - HeldMost, Now + WaitMost);
}
