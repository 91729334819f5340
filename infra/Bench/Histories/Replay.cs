using System.Diagnostics;
using Metering.Bench.Reporting;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Bench.Histories;

/// <summary>
/// A user's whole stream, read from the store: how fast alone, how fast folded, and decided again under another plan. A rate of processor
/// time
/// counts every thread, collections included: what one core does.
/// </summary>
internal sealed class Replay(IEventStreams streams, string user, int events)
{
    internal async Task<IReadOnlyList<Figure>> Measure()
    {
        await Read(_ => { }, Math.Min(events, 20_000));
        await Folded(Math.Min(events, 20_000));
        var read = await Timed(() => Read(_ => { }, events));
        var replayed = await Timed(() => Folded(events));
        var asked = await Timed(() => Asked(events));
        return
        [
            new("stream read", events / read.Clock, "events/s", "pages from the store, nothing decoded, by the clock"),
            new("fold", events / await FoldSeconds(), "events/s", "decoded events folded, by the clock"),
            new("replay", events / replayed.Processor, "events/s", "read, decoded and folded, per second of processor time"),
            new("replay by the clock", events / replayed.Clock, "events/s", "the same by the clock"),
            new($"what-if over {FormattableString.Invariant($"{events:N0}")} events", asked.Clock, "s",
                "read, decoded, decided again under half the quota"),
        ];
    }

    private static async Task<(double Clock, double Processor)> Timed(Func<Task> work)
    {
        GC.Collect();
        var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await work();
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
    }

    private Task Folded(int most)
    {
        var state = new LedgerState();
        return Read(stored => Fold.Apply(state, LedgerEvents.Decode(stored.Type, stored.Data.Span)), most);
    }

    private Task Asked(int most)
    {
        var (state, quota) = (new LedgerState(), History.Plan(200_000_000));
        return Read(stored =>
        {
            var happened = LedgerEvents.Decode(stored.Type, stored.Data.Span);
            if (Again.Of(happened, quota) is { } command) Decisions.Take(state, command, happened.At, _ => TimeZoneInfo.Utc);
            state.Unappended.Clear();
        }, most);
    }

    // blocks, so that the events are not all in memory at once
    private async Task<double> FoldSeconds()
    {
        var (state, block, ticks) = (new LedgerState(), new List<LedgerEvent>(), 0L);
        await Read(stored =>
        {
            block.Add(LedgerEvents.Decode(stored.Type, stored.Data.Span));
            if (block.Count < 20_000 && stored.Revision + 1 < events) return;
            var started = Stopwatch.GetTimestamp();
            foreach (var happened in block) Fold.Apply(state, happened);
            ticks += Stopwatch.GetTimestamp() - started;
            block.Clear();
        }, events);
        return ticks / (double)Stopwatch.Frequency;
    }

    private async Task Read(Action<StoredEvent> each, int most)
    {
        await foreach (var stored in streams.Read($"ledger-{user}", Direction.Forwards, 0, most)) each(stored);
    }
}

/// <summary>The command behind an event, to be decided again; none for what follows from others.</summary>
internal static class Again
{
    internal static Command? Of(LedgerEvent happened, Ledger.Catalog.Plan plan) => happened switch
    {
        { Cause: null } => null,
        PlanAssigned it => new AssignPlan(it.Cause!.Command, it.Cause.Content, plan, it.Change, it.StripeCustomer),
        Reserved it => new Reserve(it.Cause!.Command, it.Cause.Content, Lines(it.Lines), it.Deadline - it.At, it.Grace),
        Committed it => new Commit(it.Cause!.Command, it.Cause.Content, it.Reservation, Lines(it.Lines)),
        Released it => new Release(it.Cause!.Command, it.Cause.Content, it.Reservation),
        UsageTracked it => new Track(it.Cause!.Command, it.Cause.Content, Lines(it.Lines), it.Enforced, it.OccurredAt),
        CreditGranted it => new GrantCredit(it.Cause!.Command, it.Cause.Content, it.Unit, it.Amount, it.Priority, it.ExpiresAt, it.Source),
        _ => null,
    };

    private static Items<AskedLine> Lines(Items<UsedLine> used) =>
        used.Select(line => new AskedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, [])).ToItems();
}
