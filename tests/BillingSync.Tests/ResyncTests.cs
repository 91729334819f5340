using Metering.BillingSync.Explaining;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Reports compared with a real ledger, decided by the domain. A result on a double: the simulator.</summary>
public sealed class ResyncTests : SimulatedStripe
{
    private static readonly DateTimeOffset Day = new(2026, 10, 31, 0, 0, 0, TimeSpan.Zero);
    private TestLedger ledger = null!;

    [SetUp]
    public async Task OpenLedger()
    {
        ledger = new TestLedger(Streams, User);
        await ledger.Assign(TestLedger.Daily(), Day, Customer);
        await ledger.Track(700, Day.AddHours(1));
    }

    [Test]
    public async Task Messages_that_never_came_are_made_good()
    {
        await ledger.Advance(Now);
        var process = await StartProcess();
        var done = await Sent(process, new());
        Assert.That((Total(), done.Events.OfType<ReportPlanned>().Single().Reason), Is.EqualTo(("700", PlanReason.Resync)));
    }

    [Test]
    public async Task A_second_resync_plans_nothing()
    {
        await ledger.Advance(Now);
        var process = await StartProcess();
        await Sent(process, new());
        var length = await Length();
        Assert.That((await Sent(process, new())).Events, Is.Empty);
        Assert.That((Total(), await Length()), Is.EqualTo(("700", length)));
    }

    [Test]
    public async Task Nor_does_one_after_the_messages_nor_a_message_after_one()
    {
        await ledger.Advance(Now);
        var process = await StartProcess();
        await Deliver(process);
        Assert.That((await Sent(process, new())).Events, Is.Empty);
        await Deliver(process);
        Assert.That((Total(), Account.Events.Count), Is.EqualTo(("700", 1)));
    }

    [Test]
    public async Task Two_at_once_plan_once()
    {
        await ledger.Advance(Now);
        var (one, other) = (await StartProcess(), await StartProcess());
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? one : other).Resync.Run(User, new(), CancellationToken.None)));
        await one.Sender.WhenIdle();
        await other.Sender.WhenIdle();
        Assert.That((Total(), done.Sum(each => each.Events.OfType<ReportPlanned>().Count())), Is.EqualTo(("700", 1)));
    }

    [Test]
    public async Task A_dry_run_says_what_it_would_do_and_does_nothing()
    {
        await ledger.Advance(Now);
        var process = await StartProcess();
        var dry = await Sent(process, new(DryRun: true));
        Assert.That((await Length(), Account.Events.Count, dry.Lines.First().Balance.Reported), Is.EqualTo((0, 0, 700L)));
        var done = await Sent(process, new());
        Assert.That(done.Events.OfType<ReportPlanned>().Select(one => one.Identifier), Is.EqualTo(dry.Events.OfType<ReportPlanned>().Select(one => one.Identifier)));
    }

    [Test]
    public async Task A_running_period_is_not_reported_before_its_end()
    {
        var process = await StartProcess();
        Assert.That(((await Sent(process, new())).Events, Total()), Is.EqualTo((Array.Empty<BillingEvent>(), "0")));
    }

    [Test]
    public async Task Rejected_for_want_of_a_meter_it_is_reported_once_there_is_one()
    {
        await ledger.Assign(TestLedger.Daily(stripeMeter: "words"), Day.AddHours(2), Customer);
        await ledger.Advance(Now);
        var process = await StartProcess();
        await Deliver(process);
        Assert.That(Account.Events, Is.Empty);
        Account.AddMeter("words");
        await Sent(process, new());
        Assert.That(Account.Total("words", Customer).ToString(), Is.EqualTo("700"));
        Assert.That((await Sent(process, new())).Events, Is.Empty);
    }

    [Test]
    public async Task After_Stripe_lost_an_event_exactly_the_difference_is_sent()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        await ledger.Advance(Day.AddDays(1));
        var process = await StartProcess();
        await Deliver(process);
        Assert.That(((await Sent(process, new())).Events, Total()), Is.EqualTo((Array.Empty<BillingEvent>(), "0")));
        await process.MarkMissing(User, Account.Events.Single().Identifier, "the summary has 0");
        var done = await Sent(process, new());
        Assert.That((Total(), done.Events.OfType<ReportPlanned>().Single().Value), Is.EqualTo(("700", "700")));
        Assert.That((await Sent(process, new())).Events, Is.Empty);
    }

    [Test]
    public async Task One_period_can_be_compared_alone()
    {
        await ledger.Track(40, Day.AddDays(1).AddMinutes(1));
        await ledger.Advance(Day.AddDays(2));
        Time.Advance(TimeSpan.FromDays(1));
        var process = await StartProcess();
        await Sent(process, new(Period: 2));
        Assert.That(Total(), Is.EqualTo("40"));
        await Sent(process, new());
        Assert.That(Total(), Is.EqualTo("740"));
    }

    [Test]
    public async Task A_customer_who_became_known_gets_the_report()
    {
        var bob = new TestLedger(Streams, "bob");
        await bob.Assign(TestLedger.Daily(), Day, null);
        await bob.Track(40, Day.AddHours(1));
        await bob.Advance(Now);
        var process = await StartProcess();
        foreach (var message in bob.Messages) await process.Settle(message);
        await Caught(process, "bob");
        await bob.Assign(TestLedger.Daily(), Now, "cus_bob");
        var retried = await process.Retrying.All(CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That((Total("cus_bob"), retried), Is.EqualTo(("40", new Retried(false, 0, 1))));
    }

    [Test]
    public async Task A_retry_goes_on_after_Stripe_refused_the_key()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401 });
        await ledger.Advance(Now);
        var process = await StartProcess();
        await Deliver(process);
        await process.TheReport(User);
        Assert.That((process.Sender.Halted is null, Total()), Is.EqualTo((false, "0")));
        var retried = await process.Retrying.All(CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That((Total(), retried.Resumed, process.Sender.Halted), Is.EqualTo(("700", true, (string?)null)));
    }

    [Test]
    public async Task A_rejected_report_is_planned_again_by_a_retry()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 400 });
        await ledger.Advance(Day.AddDays(1));
        var process = await StartProcess();
        await process.Settle(ledger.Messages[^1]);
        var report = await process.TheReport(User);
        Assert.That(await process.Retrying.One(User, report, CancellationToken.None), Is.EqualTo(new Retried(false, 1, 0)));
        await process.Sender.WhenIdle();
        Assert.That(Total(), Is.EqualTo("700"));
    }

    [Test]
    public async Task Late_usage_is_carried_by_the_schedule_and_billed_with_the_open_period()
    {
        var eve = new TestLedger(Streams, "eve");
        await eve.Assign(TestLedger.Daily(lateGrace: TimeSpan.FromDays(5)), Day, "cus_eve");
        await eve.Track(100, Day.AddHours(1));
        await eve.Advance(Day.AddDays(1));
        var process = await StartProcess();
        await DeliverAll(process, eve);
        await eve.Track(30, Day.AddDays(5), occurredAt: Day.AddHours(2));
        await eve.Advance(Day.AddDays(6).AddMinutes(1));
        Time.Advance(Day.AddDays(6).AddMinutes(1) - Time.GetUtcNow());
        await DeliverAll(process, eve);
        Assert.That(Total("cus_eve"), Is.EqualTo("100"));
        await Caught(process, "eve");
        await process.Schedule.Round(CancellationToken.None);
        await eve.Advance(Day.AddDays(7));
        Time.Advance(TimeSpan.FromDays(1));
        await DeliverAll(process, eve);
        Assert.That((Total("cus_eve"), Account.Events[^1].Timestamp), Is.EqualTo(("130", Day.AddDays(7).AddSeconds(-1).ToUnixTimeSeconds())));
    }

    [Test]
    public async Task Where_an_operator_decides_nothing_is_carried_before()
    {
        await ledger.Advance(Now);
        Time.Advance(TimeSpan.FromDays(4));
        await ledger.Advance(Time.GetUtcNow());
        var process = await StartProcess(billing: new BillingOptions { CarryForward = "operator" });
        await Deliver(process);
        await Caught(process, User);
        await process.Schedule.Round(CancellationToken.None);
        var listed = await Sent(process, new(CarryForward: false));
        Assert.That(listed.Lines.Single(line => !line.IsSettled).Balance.Rest, Is.EqualTo(700));
        var done = await Sent(process, new(CarryForward: true));
        Assert.That(done.Events.OfType<CarriedForward>().Select(carry => (carry.FromPeriod, carry.ToPeriod, carry.Value)), Is.EqualTo(new[] { (1, 6, 700L) }));
        await ledger.Advance(Time.GetUtcNow().AddDays(1));
        Time.Advance(TimeSpan.FromDays(1));
        await Deliver(process);
        Assert.That(Total(), Is.EqualTo("700"));
    }

    [Test]
    public async Task A_refund_of_a_closed_period_is_taken_off_once()
    {
        await ledger.Advance(Now);
        var process = await StartProcess();
        await Deliver(process);
        await ledger.Track(500, Now);
        await ledger.Refund(0, 200, Now.AddHours(1));
        await ledger.Advance(Day.AddDays(2));
        Time.Advance(TimeSpan.FromDays(1));
        await Deliver(process);
        await Sent(process, new());
        Assert.That((Total(), ledger.Billable()), Is.EqualTo(("1000", 1_000L)));
    }

    [Test]
    public async Task A_continuous_meter_is_reported_while_the_period_runs()
    {
        Time.Advance(Day.AddHours(2) - Time.GetUtcNow());
        var settings = new BillingOptions { Meters = { [Meter] = new() { Mode = "continuous" } } };
        var process = await StartProcess(billing: settings);
        await process.Schedule.Round(CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That(Total(), Is.EqualTo("700"));
        await ledger.Track(50, Day.AddHours(3));
        Time.Advance(TimeSpan.FromHours(2));
        await process.Schedule.Round(CancellationToken.None);
        await process.Schedule.Round(CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That(Account.Events.Select(e => (e.Value.ToString(), e.Timestamp)), Is.EqualTo(new[]
        {
            ("700", Day.AddHours(2).AddSeconds(-1).ToUnixTimeSeconds()), ("50", Day.AddHours(4).AddSeconds(-1).ToUnixTimeSeconds()),
        }));
        var next = await StartProcess(billing: settings);
        await next.Schedule.Round(CancellationToken.None);
        await ledger.Advance(Now);
        Time.Advance(TimeSpan.FromDays(1));
        await Deliver(next);
        Assert.That((Total(), Account.Events.Count), Is.EqualTo(("750", 2)));
    }

    [Test]
    public async Task Of_one_period_nothing_of_another_is_planned_or_listed()
    {
        await ledger.Track(40, Now.AddMinutes(-1));
        var settings = new BillingOptions { Meters = { [Meter] = new() { Mode = "continuous" } } };
        var process = await StartProcess(billing: settings);
        Assert.That((await Sent(process, new(Period: 99))).Lines, Is.Empty);
        var running = await Sent(process, new(Period: 2, DryRun: true));
        Assert.That(running.Events.OfType<ReportPlanned>().Select(one => (one.Period, one.Value)), Is.EqualTo(new[] { (2, "40") }));
        Assert.That(await Length(), Is.Zero);
        var first = await Sent(process, new(Period: 1));
        Assert.That(first.Events.OfType<ReportPlanned>().Select(one => (one.Period, one.Value)), Is.EqualTo(new[] { (1, "700") }));
        Assert.That((first.Lines.Single().Balance.Line.Period, Total()), Is.EqualTo((1, "700")));
    }

    [Test]
    public async Task A_value_that_waits_in_another_period_is_neither_listed_nor_carried()
    {
        await ledger.Advance(Now);
        Time.Advance(TimeSpan.FromDays(4));
        await ledger.Advance(Time.GetUtcNow());
        var process = await StartProcess(billing: new BillingOptions { CarryForward = "operator" });
        await Deliver(process);
        var second = await Sent(process, new(Period: 2));
        Assert.That((second.Events.OfType<CarriedForward>(), second.Lines.Any(line => line.Balance.Line.Period == 1)), Is.EqualTo((Array.Empty<CarriedForward>(), false)));
        var first = await Sent(process, new(Period: 1));
        Assert.That(first.Events.OfType<CarriedForward>().Single().Value, Is.EqualTo(700));
    }

    [Test]
    public async Task A_resync_of_one_period_links_its_reports_alone()
    {
        var eve = new TestLedger(Streams, "eve");
        await eve.Assign(TestLedger.Daily(), Day.AddDays(-1), null);
        await eve.Track(30, Day.AddDays(-1).AddHours(1));
        await eve.Track(100, Day.AddHours(1));
        await eve.Advance(Now);
        var process = await StartProcess();
        await DeliverAll(process, eve);
        await eve.Assign(TestLedger.Daily(), Now, "cus_eve");
        var done = await process.Resync.Run("eve", new(Period: 2), CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That((done.Linked, Total("cus_eve")), Is.EqualTo((1, "100")));
        await process.Resync.Run("eve", new(), CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That(Total("cus_eve"), Is.EqualTo("130"));
    }

    [TestCase(Ledger.Catalog.Reports.Usage)]
    [TestCase(Ledger.Catalog.Reports.Overage)]
    [TestCase(Ledger.Catalog.Reports.Charge)]
    public async Task A_report_is_explained_by_the_events_that_sum_to_it(Ledger.Catalog.Reports what)
    {
        await ledger.Assign(TestLedger.Daily(7, lateGrace: TimeSpan.FromHours(2), what: what), Day.AddHours(2), Customer);
        for (var hour = 3; hour < 20; hour++) await ledger.Track(31 * hour, Day.AddHours(hour));
        await ledger.Refund(0, 123, Day.AddHours(20));
        await ledger.Advance(Day.AddDays(1));
        await ledger.Track(77, Day.AddDays(1).AddHours(1), occurredAt: Day.AddHours(23));
        await ledger.Advance(Day.AddDays(1).AddHours(3));
        Time.Advance(TimeSpan.FromHours(3));
        var process = await StartProcess();
        await Deliver(process);
        var explainer = new LineExplainer(Streams);
        foreach (var sent in Account.Events)
        {
            var story = (await explainer.OfReport(User, sent.Identifier, CancellationToken.None))!;
            var parts = new List<LedgerPart>();
            await foreach (var part in explainer.Parts(story, CancellationToken.None)) parts.Add(part);
            Assert.That(story.Totals.Select(total => total.Total), Is.EqualTo(story.Totals.Select((_, i) => parts.Where(part => part.Total == i).Sum(part => part.Amount))));
            Assert.That(story.Balance.Target, Is.EqualTo(story.Totals.Sum(total => Math.Max(0, total.Total) / 7)));
            Assert.That(sent.Value.ToString(), Is.EqualTo($"{story.Balance.Target - story.Balance.Reported - story.Rest}"));
        }
        Assert.That(Account.Events, Has.Count.EqualTo(2));
        Assert.That((await explainer.OfLine(User, 1, "chat", null, CancellationToken.None))!.Balance.Rest, Is.Zero);
        Assert.That(await explainer.OfLine(User, 1, "image", null, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task A_ledger_that_contradicts_itself_is_not_reported()
    {
        await ledger.Advance(Day.AddDays(1));
        var forged = (PeriodClosed)ledger.Events[^3] with { Groups = [] };
        Assert.That(ledger.Events[^3], Is.InstanceOf<PeriodClosed>());
        var copy = new MemoryStreams(Time);
        for (var i = 0; i < ledger.Events.Count; i++)
        {
            var (type, data) = Ledger.Stored.LedgerEvents.Encode(i == ledger.Events.Count - 3 ? forged : ledger.Events[i]);
            await copy.Append("ledger-ann", i - 1, [new NewEvent(Source(i), type, data, default)], CancellationToken.None);
        }
        Assert.That(() => Replaying.Bookkeeper.Read(copy, User, CancellationToken.None), Throws.InvalidOperationException.With.Message.Contains("period 1"));
    }

    private async Task<Resynced> Sent(SyncProcess process, ResyncOrder order)
    {
        var done = await process.Resync.Run(User, order, CancellationToken.None);
        await process.Sender.WhenIdle();
        return done;
    }

    private Task Deliver(SyncProcess process) => DeliverAll(process, ledger);

    private static async Task DeliverAll(SyncProcess process, TestLedger from)
    {
        foreach (var message in from.Messages) await process.Settle(message);
    }

    private async Task<int> Length()
    {
        var count = 0;
        await foreach (var _ in Streams.Read(BillingModel.StreamOf(User), Direction.Forwards, 0)) count++;
        return count;
    }

    private async Task Caught(SyncProcess process, string user)
    {
        await foreach (var last in Streams.Read(BillingModel.StreamOf(user), Direction.Backwards, Revisions.End, 1))
            await process.View.WaitFor(user, last.Revision, CancellationToken.None);
    }
}
