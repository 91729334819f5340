using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Stripe.Billing;

namespace Metering.BillingSync.Reconciling;

/// <summary>
/// Compares the ledgers with what Stripe's summaries say, window by window, and explains each difference to the unit. What is found is
/// recorded only if asked: reports that are there are confirmed; reports that are not are marked missing once two looks agree and nothing
/// in the window moves. It sends nothing: a resync does.
/// </summary>
public sealed class Reconciler(
    BillingView view, IEventStreams streams, StripeSummaries summaries,
    DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, BillingPolicy policy, ReconcileOptions options, TimeProvider clock)
{
    /// <summary>So many windows wait for a second look at once: memory stays bounded.</summary>
    private const int DoubtfulMost = 1_000;

    private static readonly Caller Self = new("billing-sync", null);

    /// <summary>Tells each window as soon as it is decided.</summary>
    /// <exception cref="StripeUnreadableException">Stripe is away; what was told before stands.</exception>
    public async Task<ReconcileTally> Run(ReconcileOrder order, Func<Reconciled, Task> tell, CancellationToken cancellation)
    {
        await view.CatchUp(cancellation);
        var (doubtful, tally) = (new List<(Reconciled, IReadOnlyList<string>)>(), new ReconcileTally());
        var meters = new Lazy<Task<ILookup<string, Meter>>>(() => summaries.Meters(cancellation));
        await foreach (var (key, users) in Books.All(view, order.User, cancellation))
            foreach (var window in await Asked(order, key, users, cancellation))
            {
                var seen = await TryLook(window, IsRead(order, window), meters, cancellation);
                tally = new(tally.Windows + 1, tally.Skipped + (seen is null ? 1 : 0));
                if (seen is { IsDoubtful: true } && order.Record && !Moves(window)) doubtful.Add((seen, users));
                else if (seen is not null) await tell(order.Record ? await Record(seen, cancellation) : seen);
                if (doubtful.Count == DoubtfulMost) await LookAgain(doubtful, meters, tell, cancellation);
            }
        await LookAgain(doubtful, meters, tell, cancellation);
        await view.CatchUp(cancellation);
        return tally;
    }

    private async Task<IEnumerable<BilledWindow>> Asked(
        ReconcileOrder order, BookKey key, IReadOnlyList<string> users, CancellationToken cancellation)
    {
        var all = await Books.Windows(streams, key, users, policy, clock.GetUtcNow(), cancellation);
        var asked = all.Where(window => IsAsked(order, window)).ToHashSet();
        var hasMoved = order.Report is null && asked.Any(HasMoved);
        return all.Where(window => asked.Contains(window) || (hasMoved && window.IsSettled && HasMoved(window)));
    }

    private static bool IsAsked(ReconcileOrder order, BilledWindow window) =>
        window.Concerns(order.User, order.Period) && (order.Recheck || !window.IsSettled)
        && (order.Report is null || window.Reports.Any(report => report.Identifier == order.Report));

    /// <summary>What moved has two sides: told of one, the other is told as well, settled or not.</summary>
    private static bool HasMoved(BilledWindow window) => Differences.Of(window).Any(part => part.IsMoved);

    private static bool IsRead(ReconcileOrder order, BilledWindow window) =>
        window.Customer is not null && (window.IsUndecided || order.Recheck);

    private async Task LookAgain(
        List<(Reconciled Seen, IReadOnlyList<string> Users)> doubtful, Lazy<Task<ILookup<string, Meter>>> meters,
        Func<Reconciled, Task> tell, CancellationToken cancellation)
    {
        if (doubtful.Count == 0) return;
        await Task.Delay(options.Between, clock, cancellation);
        foreach (var (first, users) in doubtful)
        {
            var key = new BookKey(first.Window.Customer, null, first.Window.StripeMeter);
            var window = (await Books.Windows(streams, key, users, policy, clock.GetUtcNow(), cancellation))
                .Find(window => (window.From, window.To) == (first.Window.From, first.Window.To));
            var second = window is null ? null : await TryLook(window, true, meters, cancellation);
            await tell(second is null ? first : second.Agrees(first) ? await Record(second, cancellation) : second);
        }
        doubtful.Clear();
    }

    /// <summary>None if the budget of reads does not reach.</summary>
    private async Task<Reconciled?> TryLook(
        BilledWindow window, bool isRead, Lazy<Task<ILookup<string, Meter>>> meters, CancellationToken cancellation)
    {
        try
        {
            return isRead ? await Look(window, Reader(window, meters, cancellation)) : new(window, null, Differences.Of(window));
        }
        catch (ReadsSpentException)
        {
            return null;
        }
        catch (StripeUnreadableException unreadable) when (!unreadable.IsAway)
        {
            return new(window, null, [], Failure: unreadable.Message);
        }
    }

    private async Task<Reconciled> Look(BilledWindow window, Func<DateTimeOffset, DateTimeOffset, Task<decimal>> read)
    {
        var sum = await read(window.From, window.To);
        if (window.Reports.Any(report => report.IsInFlight)) return new(window, sum, Differences.InFlight(window, sum));
        var findings = new Findings(clock.GetUtcNow() - options.Settle);
        await Narrow(findings, window.From, window.To, window.Reports, sum, read);
        return new(window, sum, Differences.Of(window, findings), findings);
    }

    private Func<DateTimeOffset, DateTimeOffset, Task<decimal>> Reader(
        BilledWindow window, Lazy<Task<ILookup<string, Meter>>> meters, CancellationToken cancellation) => async (from, to) =>
        {
            var (sum, named) = (0m, (await meters.Value)[window.StripeMeter].ToList());
            if (named.Count == 0)
                throw new StripeUnreadableException($"Stripe has no meter of the event name {window.StripeMeter}", isAway: false);
            foreach (var meter in named) sum += await summaries.Sum(meter, window.Customer!, from, to, cancellation);
            return sum;
        };

    /// <summary>Halves a range that differs until what is in it was reported for one minute: so slices are told apart.</summary>
    private static async Task Narrow(
        Findings findings, DateTimeOffset from, DateTimeOffset to, IReadOnlyList<ReportRow> reports, decimal sum,
        Func<DateTimeOffset, DateTimeOffset, Task<decimal>> read)
    {
        List<ReportRow> expected = [.. reports.Where(report => report.IsExpected)];
        var minutes = reports.Select(report => Minutes.Floor(report.Timestamp)).Distinct().Order().ToList();
        if (Findings.AreSame(expected.Sum(report => report.Value), sum)) findings.Agree(expected);
        else if (minutes.Count < 2) findings.Fit(expected, [.. reports.Where(report => !report.Counts)], sum);
        else
        {
            var middle = minutes[minutes.Count / 2];
            var left = await read(from, middle);
            await Narrow(findings, from, middle, [.. reports.Where(report => report.Timestamp < middle)], left, read);
            await Narrow(findings, middle, to, [.. reports.Where(report => report.Timestamp >= middle)], sum - left, read);
        }
    }

    private async Task<Reconciled> Record(Reconciled seen, CancellationToken cancellation)
    {
        if (seen.Findings is not { } findings || Moves(seen.Window)) return seen;
        var why = $"Stripe's sum from {seen.Window.From:u} to {seen.Window.To:u} is {seen.Stripe}, {options.Between} later as well";
        var events = new List<BillingEvent>();
        foreach (var user in findings.Undecided.Select(report => report.User).Distinct())
        {
            var command = new RecordFindings(Of(findings.Present, user), Of(findings.Missing, user), why);
            var took = (Took)await runner.Handle(BillingModel.StreamOf(user), command, Self, cancellation);
            events.AddRange(took.Events);
        }
        return seen with { Confirmed = events.OfType<ReportConfirmed>().Count(), Missing = events.OfType<ReportMissing>().Count() };
    }

    private bool Moves(BilledWindow window) => window.Moves(clock.GetUtcNow() - options.Settle);

    private static List<string> Of(IReadOnlyList<ReportRow> reports, string user) =>
        [.. reports.Where(report => report.User == user && report.IsUndecided).Select(report => report.Identifier)];
}
