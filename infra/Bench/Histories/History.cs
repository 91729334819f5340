using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Bench.Histories;

/// <summary>
/// A long history of one user, decided by the ledger itself, ending about now: calls reserved and committed with a refund of what was not
/// used, some
/// released, some tracked, now and then a credit bought. The user's plan has a quota with overage and two caps.
/// </summary>
internal sealed class History
{
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromSeconds(15.7);
    private static readonly TimeSpan CallTakes = TimeSpan.FromSeconds(2);
    private static readonly Attributes Model = Attributes.Of([new("model", "small")]);

    private readonly LedgerState state = new();
    private readonly List<LedgerEvent> block = [];
    private DateTimeOffset now;
    private int commands;
    private int calls;

    /// <param name="events">How many it will have, the last of them before <paramref name="end"/>: a call makes nearly three.</param>
    internal History(int events, DateTimeOffset end)
    {
        now = end - TimeSpan.FromHours(1) - events / 2.8 * (BetweenCalls + CallTakes);
        Do(new AssignPlan(NextId(), Hash, Plan(400_000_000), PlanChange.NextPeriod, null));
    }

    /// <summary>The same plan with another quota, for asking what would have been.</summary>
    internal static Plan Plan(long quota) => new(
        "pro", 1, WindowLength.Month, Anchor.Calendar, "UTC", "USD", 0, TimeSpan.Zero,
        [
            Group("tokens", GroupKind.Funding, quota, WindowLength.BillingPeriod) with
            {
                RolloverMax = 1_000_000, Thresholds = [50, 80, 100],
                Overage = new(long.MaxValue, TierMode.Graduated, [new Tier(long.MaxValue, new(2, 1), 0)]),
            },
            Group("daily", GroupKind.Cap, 40_000_000, WindowLength.Day), Group("hourly", GroupKind.Cap, 4_000_000, WindowLength.Hour),
        ]);

    /// <summary>A plan of one quota and nothing else.</summary>
    internal static Plan Open(long quota) =>
        Plan(quota) with { Groups = [Group("tokens", GroupKind.Funding, quota, WindowLength.BillingPeriod)] };

    /// <summary>About so many more events; the list is a new one each time.</summary>
    internal IReadOnlyList<LedgerEvent> Next(int events)
    {
        while (block.Count < events) Call(calls++);
        var next = block.ToArray();
        block.Clear();
        return next;
    }

    private static LimitGroup Group(string label, GroupKind kind, long quota, WindowLength window) =>
        new(label, "tokens", kind, [new Match("llm.*", Attributes.None)], quota, window, Anchor.Calendar);

    private void Call(int call)
    {
        now += BetweenCalls;
        if (call % 1_000 == 7) Do(new GrantCredit(NextId(), Hash, "tokens", 50_000, 0, now.AddDays(9), $"payment {commands}"));
        var id = NextId();
        if (call % 50 == 3)
        {
            Do(new Track(id, Hash, Line(900), Enforced: true));
            return;
        }
        Do(new Reserve(id, Hash, Line(4_000), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)));
        now += CallTakes;
        if (call % 40 == 5) Do(new Release(NextId(), Hash, id));
        else if (call % 400 != 9) Do(new Commit(NextId(), Hash, id, Line(800)));
    }

    private void Do(Command command)
    {
        var turn = Decisions.Take(state, command, now, _ => TimeZoneInfo.Utc);
        block.AddRange(turn.Events);
        if (turn.Answer is not Done) throw new InvalidOperationException($"{turn.Answer} to {command}");
    }

    private static Items<AskedLine> Line(long quantity) => [new AskedLine("llm.tokens", "tokens", Model, quantity, [])];

    private ContentHash Hash => new((ulong)commands, 1);

    private Guid NextId()
    {
        commands++;
        return Guid.CreateVersion7(now);
    }
}
