using Metering.BillingSync.Reports;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;

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

    /// <summary>What every group that reports something comes to.</summary>
    /// <exception cref="UnusableTotalsException">Nobody could mean it.</exception>
    public static LineTotal[] LinesOf(Items<GroupTotal> groups) =>
    [
        .. from total in groups
           where total.Reporting is not null
           let reporting = total.Reporting
           select LineTotal.Of(total.Group, reporting.StripeMeter, reporting.What.Name(), reporting.Scale, total.Billed(reporting.What)),
    ];

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
        Period period, PeriodStage stage, (long Revision, Guid Id) last, string? customer, Items<GroupTotal> groups) =>
        new(period.Number, period.Start, period.End, stage, last.Revision, last.Id, customer, groups);

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
