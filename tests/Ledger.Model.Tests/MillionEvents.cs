using System.Diagnostics;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>
/// One user's long history, decided by the ledger itself: model calls reserved, committed with a refund of what was not used, some released, some
/// tracked; now and then a credit bought and a call refunded later. Two months of it, in blocks, so that it never has to be in memory at once.
/// </summary>
internal sealed class History
{
    private static readonly Plan Plan = new(
        "pro", 1, WindowLength.Month, Anchor.Calendar, "UTC", "USD", 0, TimeSpan.Zero,
        [
            new("tokens", "tokens", GroupKind.Funding, [new Match("llm.*", Attributes.None)], 400_000_000, WindowLength.BillingPeriod, Anchor.Calendar,
                RolloverMax: 1_000_000, Overage: new(long.MaxValue, TierMode.Graduated, [new Tier(long.MaxValue, new(2, 1), 0)]), Thresholds: [50, 80, 100]),
            new("daily", "tokens", GroupKind.Cap, [new Match("llm.*", Attributes.None)], 40_000_000, WindowLength.Day, Anchor.Calendar),
            new("hourly", "tokens", GroupKind.Cap, [new Match("llm.*", Attributes.None)], 4_000_000, WindowLength.Hour, Anchor.Calendar),
        ]);

    // 330,000 calls in two months
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromSeconds(15.7);
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;

    private readonly LedgerState state = new();
    private readonly List<LedgerEvent> block = [];
    private DateTimeOffset now = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
    private (Reserved Reserved, Committed Committed)? kept;
    private int commands;

    public History() => Do(new AssignPlan(NextId(), Hash, Plan, PlanChange.NextPeriod, null));

    /// <summary>About as many more events; the list is a new one each time.</summary>
    public IReadOnlyList<LedgerEvent> Next(int events)
    {
        for (var call = 0; block.Count < events; call++) Call(call);
        var next = block.ToArray();
        block.Clear();
        return next;
    }

    private void Call(int call)
    {
        now += BetweenCalls;
        if (call % 1_000 == 7) Do(new GrantCredit(NextId(), Hash, "tokens", 50_000, 0, now.AddDays(9), $"payment {commands}"));
        if (call % 3_000 == 11) RefundKept();
        var id = NextId();
        if (call % 50 == 3)
        {
            Do(new Track(id, Hash, Line(900), Enforced: true));
            return;
        }
        var reserved = Do(new Reserve(id, Hash, Line(4_000), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)));
        now += TimeSpan.FromSeconds(2);
        if (call % 40 == 5) Do(new Release(NextId(), Hash, id));
        else if (call % 400 != 9) Keep(call, (Reserved)reserved[0], Do(new Commit(NextId(), Hash, id, Line(800))));
    }

    private void Keep(int call, Reserved reserved, Items<LedgerEvent> settled)
    {
        if (call % 3_000 == 0) kept = (reserved, (Committed)settled[0]);
    }

    private void RefundKept()
    {
        if (kept is not { } one) return;
        var past = new Past(one.Reserved.Reservation, one.Reserved, one.Committed, null, null);
        Do(new Refund(NextId(), Hash, one.Reserved.Reservation, [new RefundLine("llm.tokens", Model, 1)], "bad answer", null, past));
    }

    private Items<LedgerEvent> Do(Command command)
    {
        var turn = Decisions.Take(state, command, now, _ => Utc);
        block.AddRange(turn.Events);
        return turn.Answer is Done done ? done.Events : throw new InvalidOperationException($"{turn.Answer} to {command}");
    }

    private static readonly Attributes Model = Attributes.Of([new("model", "small")]);

    private static Items<AskedLine> Line(long quantity) => [new AskedLine("llm.tokens", "tokens", Model, quantity, [])];

    private ContentHash Hash => new((ulong)commands, 1);

    private Guid NextId()
    {
        commands++;
        var ms = now.ToUnixTimeMilliseconds();
        return new((int)(ms >> 16), (short)ms, 0x7000, 0x80, 0, 0, 0, (byte)(commands >> 24), (byte)(commands >> 16), (byte)(commands >> 8), (byte)commands);
    }
}

/// <summary>One user of 1,000,000 events.</summary>
public class MillionEvents
{
    private const int Events = 1_000_000;
    private const int Block = 50_000;

    [Test]
    public void State_of_a_million_events_stays_below_a_megabyte()
    {
        var (state, history) = (new LedgerState(), new History());
        while (state.Revision < Events)
            foreach (var happened in history.Next(Block)) Fold.Apply(state, happened);
        Assert.That(state.Holds, Has.Count.LessThan(100));
        Assert.That(state.LateRefunds, Has.Count.GreaterThan(50));

        var stored = LedgerSnapshots.Save(state).Length;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var copies = Enumerable.Range(0, 20).Select(_ => LedgerSnapshots.Restore(LedgerSnapshots.Save(state).Span)).ToArray();
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / copies.Length;
        TestContext.Out.WriteLine(
            $"{each} bytes in memory, {stored} stored; {state.Holds.Count} open holds, {state.Remembered.Count} remembered ids, {state.Grants.Count} grants, "
            + $"{state.LateRefunds.Count} refunded later, {state.Groups.Sum(group => group.Windows.Count)} windows");
        Assert.That(copies, Has.All.Property(nameof(LedgerState.Revision)).EqualTo(state.Revision));
        Assert.That(each, Is.InRange(1, 1_000_000));
        Assert.That(stored, Is.LessThan(1_000_000));
    }

    /// <summary>
    /// Prints the rate; nothing is asserted of time. Run it in Release. Processor time (of all threads, collections included) counts, beside the
    /// clock's: it says what one core does, also where others use it.
    /// </summary>
    [Test, Explicit]
    public void The_rate_of_the_fold()
    {
        for (var round = 1; round <= 3; round++)
        {
            var (state, history, clock, processor) = (new LedgerState(), new History(), TimeSpan.Zero, TimeSpan.Zero);
            while (state.Revision < Events)
            {
                var block = history.Next(4 * Block);
                GC.Collect();
                var (startedAt, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                foreach (var happened in block) Fold.Apply(state, happened);
                clock += Stopwatch.GetElapsedTime(startedAt);
                processor += Environment.CpuUsage.TotalTime - used;
            }
            var events = state.Revision + 1;
            TestContext.Out.WriteLine(
                $"{events:N0} events folded: {events / processor.TotalSeconds:N0} events/s of processor time, {events / clock.TotalSeconds:N0} by the clock");
        }
    }
}
