using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;
using Reported = Metering.Ledger.Catalog.Reports;

namespace Metering.BillingSync.Tests;

/// <summary>A user's real ledger, decided by the domain itself and stored as the services store it.</summary>
internal sealed class TestLedger(IEventStreams streams, string user)
{
    private readonly LedgerState state = new();
    private readonly List<Guid> tracked = [];
    private int commands;

    public string User => user;

    /// <summary>What the bus would be told of, in the ledger's order.</summary>
    public List<TakeTotals> Messages { get; } = [];

    public List<LedgerEvent> Events { get; } = [];

    /// <summary>A plan of days that reports the use of all that begins with llm.</summary>
    public static Plan Daily(long scale = 1, string stripeMeter = BillingSpec.Meter, TimeSpan lateGrace = default, Reported what = Reported.Usage) => new(
        "daily", 1, WindowLength.Day, Anchor.Calendar, "UTC", "USD", 0, lateGrace,
        [
            new LimitGroup(
                "chat", "tokens", GroupKind.Funding, [new Match("llm.*", Attributes.None)], what == Reported.Usage ? 1_000_000_000 : 100,
                WindowLength.BillingPeriod, Anchor.Calendar,
                Overage: new Overage(long.MaxValue, Ledger.Pricing.TierMode.Graduated, [new(300, new(5, 1), 0), new(long.MaxValue, new(2, 1), 0)]),
                Reporting: new Reporting(stripeMeter, scale, what)),
        ]);

    public Task Assign(Plan plan, DateTimeOffset now, string? customer, PlanChange change = PlanChange.NowCarry) =>
        Do((id, hash) => new AssignPlan(id, hash, plan, change, customer), now);

    public Task Track(long quantity, DateTimeOffset now, DateTimeOffset? occurredAt = null) => Do(
        (id, hash) =>
        {
            tracked.Add(id);
            return new Track(id, hash, [new AskedLine("llm.tokens", "tokens", Attributes.None, quantity, [])], false, occurredAt);
        },
        now);

    /// <summary>Refunds so much of the usage that was tracked as the n-th, whether its period is closed or not.</summary>
    public Task Refund(int number, long quantity, DateTimeOffset now)
    {
        var story = Events.OfType<UsageTracked>().First(one => one.Cause!.Command == tracked[number]);
        var closed = Events.OfType<PeriodClosed>().FirstOrDefault(one => one.Period.Number == story.Period);
        return Do(
            (id, hash) => new Refund(
                id, hash, tracked[number], [new RefundLine("llm.tokens", Attributes.None, quantity)], "asked", null,
                new Past(tracked[number], null, null, null, null, story, closed)),
            now);
    }

    /// <summary>Appends what is due by then.</summary>
    public Task Advance(DateTimeOffset now) => Do((id, hash) => new Suspend(id, hash, "to see what is due"), now, (id, hash) => new Resume(id, hash));

    /// <summary>What Stripe is to have of a user in the end: what every period that is over comes to, whatever invoice it is on.</summary>
    public long Billable() => Events.Select(TotalsOf).OfType<(int Period, Items<GroupTotal> Groups)>().GroupBy(totals => totals.Period)
        .SelectMany(period => period.Last().Groups).Where(total => total.Reporting is not null)
        .Sum(total => Math.Max(0, AmountOf(total)) / total.Reporting!.Scale);

    private static (int Period, Items<GroupTotal> Groups)? TotalsOf(LedgerEvent happened) => happened switch
    {
        PeriodEnded e => (e.Period.Number, e.Groups),
        PeriodClosed e => (e.Period.Number, e.Groups),
        _ => null,
    };

    public static long AmountOf(GroupTotal total) => total.Reporting!.What switch
    {
        Reported.Usage => total.Used + total.AdjustedUsage,
        Reported.Overage => total.Overage + total.AdjustedOverage,
        _ => total.Charge + total.AdjustedCharge,
    };

    private async Task Do(Func<Guid, ContentHash, Command> command, DateTimeOffset now, Func<Guid, ContentHash, Command>? then = null)
    {
        var asked = command(IdAt(now, ++commands), new ContentHash((ulong)commands, 1));
        LedgerTurn turn;
        do
        {
            turn = Decisions.Take(state, asked, now, TimeZoneInfo.FindSystemTimeZoneById);
            await Append(turn.Events);
        }
        while (turn.Answer is null);
        Assert.That(turn.Answer, Is.InstanceOf<Done>());
        if (then is not null) await Do(then, now);
    }

    // a UUIDv7 of that time, the same in every run
    private static Guid IdAt(DateTimeOffset time, int number)
    {
        var ms = time.ToUnixTimeMilliseconds();
        return new((int)(ms >> 16), (short)ms, 0x7000, 0x80, 0, 0, 0, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number);
    }

    private async Task Append(IReadOnlyList<LedgerEvent> events)
    {
        foreach (var happened in events)
        {
            var (type, data) = LedgerEvents.Encode(happened);
            var id = EventIds.Of(LedgerStreams.Of(user), Events.Count, type, data.Span, []);
            await streams.Append(LedgerStreams.Of(user), Events.Count - 1, [new NewEvent(id, type, data, default)], CancellationToken.None);
            if (MessageOf(happened, id) is { } message) Messages.Add(message);
            Events.Add(happened);
        }
    }

    private TakeTotals? MessageOf(LedgerEvent happened, Guid id) => happened switch
    {
        PeriodEnded e => Totals(id, e.Period, false, e.StripeCustomer, e.Groups),
        PeriodClosed e => Totals(id, e.Period, true, e.StripeCustomer, e.Groups),
        _ => null,
    };

    private TakeTotals Totals(Guid id, Period period, bool closed, string? customer, Items<GroupTotal> groups) =>
        new(user, id, Events.Count, period.Number, period.Start, period.End, closed, customer, Bookkeeper.LinesOf(groups));
}
