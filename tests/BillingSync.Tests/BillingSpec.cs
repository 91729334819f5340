using System.Text;
using Metering.BillingSync.Messages;
using Metering.BillingSync.Reports;
using Metering.Contracts.Messages;

[assembly: Parallelizable(ParallelScope.All)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Metering.BillingSync.Tests;

/// <summary>Given what happened, when this is asked, then exactly that happens.</summary>
internal sealed class BillingSpec
{
    public const string User = "ann";
    public const string Customer = "cus_ann";
    public const string Meter = "tokens";
    public static readonly DateTimeOffset Start = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset End = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 5, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Timestamp = End.AddSeconds(-1);

    /// <summary>Invoices stay open for longer than Stripe takes usage.</summary>
    public static readonly BillingPolicy Patient = BillingPolicy.Default with { Grace = TimeSpan.FromDays(100) };

    private readonly BillingState state = new();
    private BillingModel model = new(BillingPolicy.Default);
    private List<string> happened = [];
    private BillingAnswer? answer;

    public static BillingSpec Given(params BillingEvent[] events)
    {
        var spec = new BillingSpec();
        foreach (var one in events) spec.state.Fold(one);
        return spec;
    }

    public BillingSpec After(params BillingCommand[] commands)
    {
        foreach (var command in commands) model.Decide(state, command, Now);
        return this;
    }

    public BillingSpec After(BillingCommand command, DateTimeOffset now)
    {
        model.Decide(state, command, now);
        return this;
    }

    /// <summary>From here on by other settings.</summary>
    public BillingSpec By(BillingPolicy policy)
    {
        model = new BillingModel(policy);
        return this;
    }

    public BillingSpec When(BillingCommand command, DateTimeOffset? now = null)
    {
        var turn = model.Decide(state, command, now ?? Now);
        happened = [.. turn.Facts.Select(fact => fact.Type + " " + Encoding.UTF8.GetString(fact.Data.Span))];
        answer = turn.Answer;
        return this;
    }

    public BillingSpec Then(params BillingEvent[] events)
    {
        Assert.That(happened, Is.EqualTo(events.Select(Text)));
        return this;
    }

    public void ThenValues(params long[] values) => Assert.That(state.Reports.Select(report => report.Value), Is.EqualTo(values));

    public void ThenAnswered<T>(Action<T> check) where T : BillingAnswer
    {
        Assert.That(answer, Is.InstanceOf<T>());
        check((T)answer!);
    }

    public void ThenLine(int period, long target, long reported)
    {
        var line = state.BalanceOf(new LineKey(period, "chat", Meter));
        Assert.That((line.Target, line.Reported), Is.EqualTo((target, reported)));
    }

    public static TakeTotals Ended(long revision, params GroupTotal[] groups) => Take(revision, false, Customer, groups);

    public static TakeTotals Closed(long revision, params GroupTotal[] groups) => Take(revision, true, Customer, groups);

    public static TakeTotals Take(long revision, bool closed, string? customer, GroupTotal[] groups, int period = 1) =>
        new(User, Source(revision), revision, period, Start, End, closed, customer, PeriodTotals.LinesOf(groups));

    public static GroupTotal Usage(long quota, long adjusted = 0, long scale = 1) =>
        new("chat", "tokens", "funding", 0, quota, 0, 0, 0, adjusted, 0, 0, 0, new Reporting(Meter, scale, "usage"));

    public static Guid Source(long revision) => new((int)revision, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    public static string IdentifierOf(int revision, long source, string? customer = Customer, int period = 1) =>
        Identifiers.Of(User, customer, new LineKey(period, "chat", Meter), revision, Source(source));

    public static TotalsTaken Taken(long revision, bool closed, long total, long? target = null, string? customer = Customer, long scale = 1, int period = 1) =>
        new(Now, Source(revision), revision, period, Start, End, closed, [new LineTotal("chat", Meter, "usage", scale, total, target ?? total)], customer);

    public static ReportPlanned Planned(int revision, long source, bool closed, string value, string? customer = Customer, int period = 1) => new(
        Now, IdentifierOf(revision, source, customer, period), period, "chat", revision, closed ? PlanReason.PeriodClosed : PlanReason.PeriodEnded,
        Source(source), Meter, value, Timestamp, customer);

    private static string Text(BillingEvent one)
    {
        var (type, data) = BillingEvents.Encode(one);
        return type + " " + Encoding.UTF8.GetString(data.Span);
    }
}
