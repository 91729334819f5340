using Metering.BillingSync.Reports;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using GroupTotal = Metering.Contracts.Messages.GroupTotal;
using Metering.Ledger.Stored;
using Reporting = Metering.Contracts.Messages.Reporting;

namespace Metering.BillingSync.Replaying;

/// <summary>
/// Makes a user's books from the ledger's events by the ledger's own fold: not from messages, which can be lost, and not from a read model,
/// which can be behind.
/// </summary>
public sealed class Bookkeeper
{
    private readonly LedgerState state = new();
    private readonly List<PeriodBook> closed = [];
    private readonly Dictionary<int, (long Revision, Guid Id)> touched = [];

    /// <exception cref="InvalidOperationException">The events do not come to what the ledger closed a period with.</exception>
    public static async Task<LedgerBooks> Read(IEventStreams streams, string user, CancellationToken cancellation)
    {
        var bookkeeper = new Bookkeeper();
        await foreach (var stored in streams.Read(LedgerStreams.Of(user), Direction.Forwards, 0, cancellation: cancellation))
            bookkeeper.Add(stored, LedgerEvents.Decode(stored.Type, stored.Data.Span));
        return bookkeeper.ToBooks();
    }

    /// <summary>The totals as messages have them.</summary>
    public static GroupTotal[] ToMessage(Items<Ledger.Accounts.GroupTotal> groups) => [.. groups.Select(total => new GroupTotal(
        total.Group, total.Unit, total.Kind == GroupKind.Funding ? "funding" : "cap", total.Rollover, total.Quota, total.Credit,
        total.Overage, total.Charge, total.AdjustedUsage, total.AdjustedOverage, total.AdjustedCharge, total.RolledOver, ToMessage(total.Reporting)))];

    private static Reporting? ToMessage(Ledger.Catalog.Reporting? reporting) =>
        reporting is null ? null : new(reporting.StripeMeter, reporting.Scale, NameOf(reporting.What));

    /// <summary>The name of a total in messages and reports.</summary>
    public static string NameOf(Ledger.Catalog.Reports what) => what switch
    {
        Ledger.Catalog.Reports.Usage => "usage",
        Ledger.Catalog.Reports.Overage => "overage",
        Ledger.Catalog.Reports.Charge => "charge",
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such total"),
    };

    private void Add(StoredEvent stored, LedgerEvent happened)
    {
        if (happened is PeriodClosed e) Close(stored, e);
        Fold.Apply(state, happened);
        foreach (var period in state.OpenPeriods)
            if (MayChange(happened, period.Period.Number)) touched[period.Period.Number] = (stored.Revision, stored.Id);
    }

    private void Close(StoredEvent stored, PeriodClosed e)
    {
        var groups = Totals.Of(state, state.Ended[0], closing: true);
        if (!groups.Equals(e.Groups))
            throw new InvalidOperationException($"period {e.Period.Number} was closed with other totals than its events come to");
        closed.Add(Book(e.Period, PeriodStage.Closed, (stored.Revision, stored.Id), e.StripeCustomer, groups));
    }

    private LedgerBooks ToBooks()
    {
        var open = state.Current ?? state.Ended.LastOrDefault();
        return new(
            [.. closed, .. state.OpenPeriods.Select(ToBook)],
            open is null ? null : new OpenPeriod(open.Period.Number, open.Period.Start, open.Period.End), state.StripeCustomer);
    }

    private PeriodBook ToBook(PeriodUse period) => Book(
        period.Period, period == state.Current ? PeriodStage.Running : PeriodStage.Ended, touched[period.Period.Number],
        state.StripeCustomer, Totals.Of(state, period, closing: false));

    private static PeriodBook Book(
        Period period, PeriodStage stage, (long Revision, Guid Id) last, string? customer, Items<Ledger.Accounts.GroupTotal> groups) =>
        new(period.Number, period.Start, period.End, stage, last.Revision, last.Id, customer, ToMessage(groups));

    /// <summary>
    /// False if an event leaves a period's totals as they were: usage changes its own, a plan, a boundary or a close any.
    /// </summary>
    public static bool MayChange(LedgerEvent happened, int period) => happened switch
    {
        Committed e => e.Period == period,
        UsageTracked e => e.Period == period,
        Refunded e => e.Period == period || e.AdjustsPeriod == period,
        PlanAssigned or PlanEnded or PeriodEnded or PeriodClosed => true,
        _ => false,
    };
}
