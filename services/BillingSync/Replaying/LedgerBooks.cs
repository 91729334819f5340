using Metering.BillingSync.Reports;
using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.BillingSync.Replaying;

/// <summary>What a user's ledger comes to, replayed from its events.</summary>
/// <param name="Periods">Every period, the oldest first, the running one last.</param>
/// <param name="Open">The period that an invoice is still to come for: the running one, else the last that is not closed. None: there is
/// none.</param>
/// <param name="StripeCustomer">Whom Stripe bills by now.</param>
public sealed record LedgerBooks(IReadOnlyList<PeriodBook> Periods, OpenPeriod? Open, string? StripeCustomer);

/// <summary>One period.</summary>
/// <param name="Revision">The ledger's last event that can have changed these totals.</param>
/// <param name="Source">That event's id.</param>
public sealed record PeriodBook(
    int Number, DateTimeOffset Start, DateTimeOffset End, PeriodStage Stage, long Revision, Guid Source, string? StripeCustomer,
    Items<GroupTotal> Groups)
{
    /// <param name="now">How far a running period is reported.</param>
    /// <exception cref="UnusableTotalsException">Nobody could mean them.</exception>
    public TakeTotals ToTotals(string user, DateTimeOffset now, bool resync) =>
        new(user, Source, Revision, Number, Start, End, Stage == PeriodStage.Closed, StripeCustomer, Bookkeeper.LinesOf(Groups))
        {
            SliceEnd = Stage == PeriodStage.Running ? (now < End ? now : End) : null, IsResync = resync,
        };
}

/// <summary>How far a period has come.</summary>
public enum PeriodStage { Running, Ended, Closed }
