using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Resyncing;

/// <summary>What to compare, and what may be done about it.</summary>
/// <param name="Period">This one only: nothing of another is compared or planned but what is carried there. None: every one.</param>
/// <param name="DryRun">Nothing is recorded or sent.</param>
/// <param name="CarryForward">What can no longer be billed is carried to the open period.</param>
public sealed record ResyncOrder(int? Period = null, bool DryRun = false, bool CarryForward = true);

/// <summary>What came of it, and how the lines stand then.</summary>
public sealed record Resynced(string User, IReadOnlyList<BillingEvent> Events, IReadOnlyList<LineStanding> Lines)
{
    /// <summary>Reports planned.</summary>
    public int Planned => Events.Count(happened => happened is ReportPlanned);

    /// <summary>Reports that got their customer.</summary>
    public int Linked => Events.Count(happened => happened is ReportLinked);
}

/// <summary>
/// Compares what is reported of a user with the user's ledger and plans the difference. What it plans follows from the ledger and from the
/// billing stream alone, decided at the stream's exact revision: run twice, or two at once, it is planned once.
/// </summary>
public sealed class Resync(
    IEventStreams streams, DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, ReportSender sender, BillingModel model,
    TimeProvider clock)
{
    private static readonly Caller Self = new("billing-sync", null);

    /// <exception cref="InvalidOperationException">The user's ledger contradicts itself, or asks for what cannot be reported.</exception>
    public async Task<Resynced> Run(string user, ResyncOrder order, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var books = await Bookkeeper.Read(streams, user, cancellation);
        var ask = order.DryRun ? await OnCopy(user, now, cancellation) : command => Record(user, command, cancellation);
        var events = new List<BillingEvent>();
        foreach (var command in CommandsOf(user, books, order, now)) events.AddRange(((Took)await ask(command)).Events);
        var lines = ((Surveyed)await ask(new Survey())).Lines;
        return new Resynced(user, events, [.. lines.Where(line => IsAsked(line.Balance.Line, order, events))]);
    }

    /// <summary>
    /// Reports a running period up to now, as far as it is reported continuously, and carries forward what can no longer be billed.
    /// </summary>
    public async Task KeepUp(string user, bool carries, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var books = await Bookkeeper.Read(streams, user, cancellation);
        foreach (var running in books.Periods.Where(period => period.Stage == PeriodStage.Running))
            await Record(user, running.ToTotals(user, now, resync: false), cancellation);
        if (carries && books.Open is { } open) await Record(user, new CarryForward(user, open), cancellation);
    }

    private static IEnumerable<BillingCommand> CommandsOf(string user, LedgerBooks books, ResyncOrder order, DateTimeOffset now)
    {
        foreach (var period in books.Periods.Where(period => (order.Period ?? period.Number) == period.Number))
            yield return period.ToTotals(user, now, resync: true) with { IsAlone = order.Period is not null };
        if (order.Period is { } one && books.StripeCustomer is { } customer) yield return new LinkReports(one, customer);
        if (order.CarryForward && books.Open is { } open) yield return new CarryForward(user, open, order.Period);
    }

    // what is carried out of the period asked for may be planned at once in the one that takes it
    private static bool IsAsked(LineKey line, ResyncOrder order, IEnumerable<BillingEvent> events) =>
        (order.Period ?? line.Period) == line.Period || events.OfType<ReportPlanned>().Any(planned => planned.Period == line.Period);

    private async Task<BillingAnswer> Record(string user, BillingCommand command, CancellationToken cancellation)
    {
        var answer = await runner.Handle(BillingModel.StreamOf(user), command, Self, cancellation);
        if (answer is Took took) sender.Enqueue(user, took.Open);
        return answer;
    }

    private async Task<Func<BillingCommand, Task<BillingAnswer>>> OnCopy(string user, DateTimeOffset now, CancellationToken cancellation)
    {
        var state = await BillingModel.Read(streams, user, cancellation);
        return command => Task.FromResult(model.Decide(state, command, now).Answer);
    }
}
