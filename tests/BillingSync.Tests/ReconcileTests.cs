using Metering.BillingSync.Messages;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.StripeSimulator;
using Microsoft.Extensions.Logging.Abstractions;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Ledgers compared with the summaries of the simulator, over HTTP. A result on a double: the simulator.</summary>
public sealed class ReconcileTests : SimulatedStripe
{
    private static readonly TimeSpan Trusted = TimeSpan.FromHours(2);
    private static readonly ReconcileOrder Dry = new();
    private static readonly ReconcileOrder Record = new(Record: true);
    private SyncProcess process = null!;

    [SetUp]
    public async Task OpenProcess() => process = await StartProcess();

    [Test]
    public async Task What_is_there_is_confirmed_and_not_read_again()
    {
        await Settle(Ended(10, Usage(700)), Closed(12, Usage(650)));
        var seen = await Reconcile(Record);
        Assert.That((seen.Single().Confirmed, Text(seen), await Statuses()), Is.EqualTo((2, "", "Confirmed Confirmed")));
        var reads = Account.Reads;
        Assert.That((await Reconcile(Record), Account.Reads), Is.EqualTo((Array.Empty<Reconciled>(), reads)));
        Assert.That((await Reconcile(new(Recheck: true))).Single().Stripe, Is.EqualTo(650m));
    }

    [Test]
    public async Task A_dry_run_records_nothing()
    {
        await Settle(Ended(10, Usage(700)));
        Assert.That((Text(await Reconcile(Dry)), await Statuses()), Is.EqualTo(("", "Accepted")));
    }

    [Test]
    public async Task A_lost_event_is_found_and_a_resync_sends_exactly_the_difference()
    {
        var ledger = new TestLedger(Streams, User);
        await ledger.Assign(TestLedger.Daily(), End.AddDays(-1), Customer);
        await ledger.Track(700, End.AddHours(-2));
        await ledger.Advance(Now);
        foreach (var message in ledger.Messages) await process.Settle(message);
        Time.Advance(Trusted);
        Account.Lose(Account.Events.Single().Identifier);

        Assert.That((Text(await Reconcile(Dry)), await Statuses()), Is.EqualTo(("700 Lost", "Accepted")));
        var found = await Reconcile(Record);
        Assert.That((Text(found), found.Single().Missing, await Statuses()), Is.EqualTo(("700 Lost", 1, "Missing")));
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("700 Lost"), "until a resync has sent it");
        await process.Resync.Run(User, new(), CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That((Total(), Account.Events.Count), Is.EqualTo(("700", 2)));
        Assert.That((await process.Resync.Run(User, new(), CancellationToken.None)).Events, Is.Empty);
        Time.Advance(Trusted);
        Assert.That((Text(await Reconcile(Record)), await Statuses(), Account.Events.Count), Is.EqualTo(("", "Missing Confirmed", 2)));
    }

    [Test]
    public async Task An_event_that_Stripe_dropped_later_is_found_missing()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        await Settle(Ended(10, Usage(700)), Closed(12, Usage(750)));
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("700 Lost", "Missing Confirmed")));
    }

    [Test]
    public async Task What_summaries_do_not_show_yet_is_waited_for()
    {
        Simulator.Faults.Add(new Fault(FaultKind.StaleSummary) { DelayMs = 3_600_000, Times = -1 });
        await process.Settle(Ended(10, Usage(700)));
        Time.Advance(TimeSpan.FromMinutes(30));
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("700 NotYetVisible", "Accepted")));
        Time.Advance(Trusted);
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("", "Confirmed")));
    }

    [Test]
    public async Task One_look_that_finds_less_decides_nothing()
    {
        await Settle(Ended(10, Usage(700)));
        // a replica that lags, of which the second look knows nothing
        Simulator.Faults.Add(new Fault(FaultKind.StaleSummary) { DelayMs = 10 * 86_400_000 });
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("", "Accepted")));
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("", "Confirmed")));
    }

    [Test]
    public async Task What_somebody_else_sent_is_told_and_never_corrected()
    {
        await Settle(Ended(10, Usage(700)));
        await SendElsewhere("5.5", Timestamp.AddDays(-3));
        Assert.That((Text(await Reconcile(Record)), await Statuses(), Total()), Is.EqualTo(("-5.5 SentElsewhere", "Accepted", "705.5")));
        Assert.That(Account.Events, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_correction_downwards_that_is_not_there_is_told_and_left_to_people()
    {
        await Settle(Ended(10, Usage(700)), Closed(12, Usage(650)));
        Account.Lose(Account.Events[^1].Identifier);
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("-50 Lost", "Confirmed Accepted")));
    }

    [Test]
    public async Task A_sum_that_stays_below_zero_on_a_final_invoice_leaves_nothing_to_do()
    {
        await Settle(Ended(10, Usage(700)), Closed(12, Usage(0)));
        var first = Account.Events[0].Identifier;
        Account.Lose(first);
        await process.MarkMissing(User, first, "Stripe does not have it");
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("700 Lost"), "a resync would send it anew");
        Time.Advance(TimeSpan.FromHours(80));
        Assert.That((Text(await Reconcile(new(Recheck: true))), await Statuses()), Is.EqualTo(("700 CarriedForward", "Missing Confirmed")));
        Assert.That(await Reconcile(Record), Is.Empty, "it is settled");
    }

    [Test]
    public async Task What_was_taken_for_missing_and_came_back_is_told_as_too_much()
    {
        await Settle(Ended(10, Usage(700)));
        await process.MarkMissing(User, Account.Events.Single().Identifier, "the summary has 0");
        await Settle(Closed(12, Usage(700)));
        Assert.That((Text(await Reconcile(Record)), Total(), await Statuses()), Is.EqualTo(("-700 Returned", "1400", "Missing Confirmed")));
    }

    [Test]
    public async Task A_report_in_doubt_is_found_to_be_there()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer) { Times = -1 });
        await Settle(Ended(10, Usage(700)));
        Assert.That(await Statuses(), Is.EqualTo("Doubted"));
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("", "Confirmed")));
    }

    [Test]
    public async Task Or_not_to_be_there()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseRequest) { Times = -1 });
        await Settle(Ended(10, Usage(700)));
        Simulator.Faults.Clear();
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("700 Doubted", "Missing")));
    }

    [Test]
    public async Task What_is_under_way_is_told_and_nothing_else_decided()
    {
        await Settle(Ended(10, Usage(700)));
        Simulator.Faults.Add(new Fault(FaultKind.Hold));
        await process.Intake.Take(Closed(12, Usage(650)), CancellationToken.None);
        Assert.That((Text(await Reconcile(Record)), await Status(0)), Is.EqualTo(("-50 InFlight", ReportStatus.Accepted)));
        Simulator.Release();
        await process.Sender.WhenIdle();
    }

    [Test]
    public async Task What_waits_for_a_customer_is_told_without_asking_Stripe()
    {
        await Settle(Take(10, false, null, [Usage(700)]));
        Assert.That((Text(await Reconcile(Record)), Account.Reads), Is.EqualTo(("700 Unlinked", 0L)));
    }

    [Test]
    public async Task What_Stripe_refused_is_told()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 400 });
        await Settle(Ended(10, Usage(700)));
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("700 Rejected"));
    }

    [Test]
    public async Task Late_usage_and_what_was_carried_are_told()
    {
        await Settle(Ended(10, Usage(700)));
        Time.Advance(TimeSpan.FromDays(3));
        await Settle(Closed(12, Usage(750)));
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("50 Late"));
        await process.Ask(User, new CarryForward(User, new OpenPeriod(2, End, End.AddMonths(1))));
        Assert.That(Text(await Reconcile(new(Recheck: true))), Is.EqualTo("50 CarriedForward"));
        await Settle(Take(20, false, Customer, [Usage(10)], 2) with { Start = End, End = End.AddMonths(1), SliceEnd = Time.GetUtcNow() });
        var waits = await Reconcile(Dry);
        Assert.That(Text(waits), Is.EqualTo("50 CarriedForward, -50 CarriedForward, 50 WaitsForPeriodEnd"), "both sides are told");
        Assert.That(waits.SelectMany(one => one.Differences).Any(part => part.IsToDo), Is.False);
        Time.Advance(TimeSpan.FromDays(40));
        await Settle(Take(30, true, Customer, [Usage(10)], 2) with { Start = End, End = End.AddMonths(1) });
        Assert.That(Text(await Reconcile(new(Recheck: true, Period: 2))), Is.EqualTo("50 CarriedForward, -50 CarriedForward, 60 Late"));
    }

    [Test]
    public async Task What_is_further_back_than_Stripe_takes_is_told()
    {
        process = await StartProcess(billing: new BillingOptions { Grace = TimeSpan.FromDays(100) });
        Time.Advance(TimeSpan.FromDays(40));
        await Settle(Ended(10, Usage(700)));
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("700 OutOfWindow"));
    }

    [TestCase(37.0)]
    [TestCase(37.25)]
    [TestCase(0.5)]
    [TestCase(59.999)]
    [TestCase(1.0)]
    public async Task Periods_that_begin_within_a_minute_do_not_see_each_others_usage(double seconds)
    {
        var boundary = new DateTimeOffset(2026, 10, 20, 10, 20, 0, TimeSpan.Zero).AddSeconds(seconds);
        process = await StartProcess(billing: new BillingOptions { Grace = TimeSpan.FromDays(20) });
        await Settle(
            Of(1, boundary.AddDays(-10), boundary, 700), Of(2, boundary, boundary.AddSeconds(2), 40),
            Of(3, boundary.AddSeconds(2), boundary.AddDays(5), 9));
        var seen = await Reconcile(Record with { Recheck = true });
        Assert.That((Text(seen), seen.Sum(one => one.Stripe)), Is.EqualTo(("", 749m)));
        Assert.That(seen.Zip(seen.Skip(1)).All(pair => pair.First.Window.To <= pair.Second.Window.From));
        Assert.That((await Reconcile(Dry with { Period = 3, Recheck = true })).Single().Stripe, Is.EqualTo(9m));
    }

    [Test]
    public async Task A_slice_of_a_shared_minute_is_told_to_count_beside()
    {
        var settings = new BillingOptions { Grace = TimeSpan.FromDays(20), Meters = { [Meter] = new() { Mode = "continuous" } } };
        process = await StartProcess(billing: settings);
        var boundary = new DateTimeOffset(2026, 10, 20, 10, 20, 37, TimeSpan.Zero);
        await Settle(
            Of(1, boundary.AddDays(-10), boundary, 700),
            Of(2, boundary, boundary.AddDays(5), 40) with { SliceEnd = boundary.AddSeconds(10) },
            Of(2, boundary, boundary.AddDays(5), 100) with { LedgerRevision = 21 });
        Assert.That((await Reconcile(Record)).Select(one => (one.Stripe, Text([one]))), Is.EqualTo(new[]
        {
            ((decimal?)740m, "-40 OtherWindow"), (60m, "40 OtherWindow"),
        }));
        Assert.That(await Statuses(), Is.EqualTo("Confirmed Confirmed Confirmed"));
        Assert.That(await Reconcile(Dry), Is.Empty, "nothing is left to do");
        await Settle(Of(1, boundary.AddDays(-10), boundary, 705) with { LedgerRevision = 22 });
        Assert.That(Text(await Reconcile(Dry)), Is.EqualTo("-40 OtherWindow, 40 OtherWindow"), "one side is not told without the other");
    }

    [Test]
    public async Task Among_equal_slices_the_lost_one_is_found()
    {
        var settings = new BillingOptions { Meters = { [Meter] = new() { Mode = "continuous" } } };
        process = await StartProcess(billing: settings);
        for (var hour = 1; hour <= 24; hour++)
            await Settle(
                Take(hour, false, Customer, [Usage(10 * hour)]) with { SliceEnd = End.AddHours(-24 + hour), Start = End.AddHours(-24) });
        Account.Lose(Account.Events[16].Identifier);
        var reads = Account.Reads;
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo("10 Lost"));
        var reports = (await process.StateOf(User)).Reports;
        Assert.That(Enumerable.Range(0, 24).Where(i => reports[i].Status == ReportStatus.Missing), Is.EqualTo(new[] { 16 }));
        Assert.That(Account.Reads - reads, Is.LessThanOrEqualTo(1 + (2 * 6)), "meters; twice the sum and its halves");
    }

    [Test]
    public async Task Users_of_one_customer_are_compared_in_one_sum()
    {
        await Settle([.. Enumerable.Range(1, 3).Select(number => Ended(10, Usage(100 * number)) with { User = $"user{number}" })]);
        Account.Lose(Account.Events.Single(sent => sent.Value.ToString() == "200").Identifier);
        var seen = (await Reconcile(Record)).Single();
        Assert.That((seen.Stripe, Text([seen]), seen.Confirmed, seen.Missing), Is.EqualTo((400m, "200 Lost", 2, 1)));
        var again = await Reconcile(Record with { User = "user3" });
        Assert.That(again.Single().Window.Users, Is.EqualTo(new[] { "user1", "user2", "user3" }));
    }

    [Test]
    public async Task More_meters_and_customers_than_a_page_holds()
    {
        for (var number = 0; number < 120; number++) Account.AddMeter($"meter{number}");
        var groups = Enumerable.Range(0, 120).Select(i => Usage(700) with { Reporting = new($"meter{i}", 1, "usage") });
        await Settle([.. Customers(120).Zip(groups, (one, group) => one with { Lines = PeriodTotals.LinesOf([group]) })]);
        var seen = await Reconcile(Record);
        Assert.That((seen.Length, seen.Sum(one => one.Confirmed), Account.Reads), Is.EqualTo((120, 120, 120L + 2)));
    }

    [Test]
    public async Task A_replaced_meter_counts_with_the_one_before()
    {
        await Settle(Ended(10, Usage(700)));
        var client = new Stripe.StripeClient(new Stripe.StripeClientOptions { ApiKey = Options.ApiKey, ApiBase = Options.ApiBase });
        await client.V1.Billing.Meters.DeactivateAsync(Account.Meters.Single().Id);
        Account.AddMeter(Meter);
        await Settle(Closed(12, Usage(750)));
        Assert.That((Text(await Reconcile(Record)), await Statuses()), Is.EqualTo(("", "Confirmed Confirmed")));
    }

    [Test]
    public async Task A_meter_that_does_not_add_up_cannot_be_compared()
    {
        Account.AddMeter("last", formula: "last");
        await Settle(Ended(10, Usage(700) with { Reporting = new("last", 1, "usage") }));
        Assert.That((await Reconcile(Record)).Single().Failure, Does.Contain("no plain sum"));
    }

    [Test]
    public async Task A_round_of_the_schedule_confirms_what_is_there()
    {
        await Settle(Ended(10, Usage(700)));
        using var schedule = new ReconcileSchedule(
            process.Reconciler, process.Backlog, new BillingOptions(), Time, NullLogger<ReconcileSchedule>.Instance);
        await schedule.Round(CancellationToken.None);
        await process.Caught();
        Assert.That(await Statuses(), Is.EqualTo("Confirmed"));
    }

    [Test]
    public async Task The_budget_of_reads_outlives_a_restart_and_comes_back()
    {
        var settings = new BillingOptions { Reconcile = { ReadsPerMonth = 3 } };
        process = await StartProcess(billing: settings);
        await Settle(Customers(5));
        await Reconcile(Record);
        Assert.That((tally, Account.Reads), Is.EqualTo((new ReconcileTally(5, 3), 3L)));
        process = await StartProcess(billing: settings);
        await Reconcile(Record);
        Assert.That((tally, Account.Reads), Is.EqualTo((new ReconcileTally(3, 3), 3L)));
        Time.Advance(TimeSpan.FromDays(31));
        await Reconcile(Record);
        Assert.That((tally, Account.Reads), Is.EqualTo((new ReconcileTally(3, 1), 6L)));
    }

    [Test]
    public async Task Reads_are_spaced()
    {
        await Settle(Customers(20));
        var before = Time.GetUtcNow();
        await Reconcile(Record);
        Assert.That(Time.GetUtcNow() - before, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(20 / 5.0)));
    }

    [TestCase(429, 2, "")]
    [TestCase(500, 4, "")]
    public async Task A_read_that_fails_is_made_again(int status, int times, string expected)
    {
        await Settle(Ended(10, Usage(700)));
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = status, Path = "/v1/billing/meters*", Times = times });
        Assert.That(Text(await Reconcile(Record)), Is.EqualTo(expected));
    }

    [TestCase(401)]
    [TestCase(500)]
    public async Task If_Stripe_is_away_nothing_is_said(int status)
    {
        await Settle(Ended(10, Usage(700)));
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = status, Path = "/v1/billing/meters*", Times = -1 });
        Assert.That(() => Reconcile(Record), Throws.InstanceOf<StripeUnreadableException>().With.Property("IsAway").True);
    }

    private static TakeTotals[] Customers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Ended(10, Usage(700)) with { User = $"user{i}", StripeCustomer = $"cus_{i}" })];

    private static TakeTotals Of(int period, DateTimeOffset start, DateTimeOffset end, long quantity) =>
        Take(10 * period, false, Customer, [Usage(quantity)], period) with { Start = start, End = end };

    private async Task Settle(params TakeTotals[] messages)
    {
        foreach (var message in messages) await process.Intake.Take(message, CancellationToken.None);
        await process.Sender.WhenIdle();
        await process.Caught();
        Time.Advance(Trusted);
    }

    private ReconcileTally tally;

    /// <summary>Reconciles; whatever comes of it, the parts of a difference are the difference.</summary>
    private async Task<Reconciled[]> Reconcile(ReconcileOrder order)
    {
        var seen = new List<Reconciled>();
        await process.Caught();
        tally = await process.Reconciler.Run(order, Add, CancellationToken.None);
        await process.Caught();
        Task Add(Reconciled one)
        {
            seen.Add(one);
            return Task.CompletedTask;
        }
        foreach (var one in seen.Where(one => one.Failure is null))
            Assert.That(
                one.Differences.Sum(part => part.Value),
                Is.EqualTo(one.Window.Ledger - (one.Stripe ?? one.Window.Expected.Sum(report => report.Value))));
        return [.. seen];
    }

    private static string Text(IEnumerable<Reconciled> seen) => string.Join(", ", seen.SelectMany(one => one.Differences)
        .Select(part => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{part.Value} {part.Cause}")));

    private async Task<string> Statuses() => string.Join(' ', (await process.StateOf(User)).Reports.Select(report => report.Status));

    private async Task<ReportStatus> Status(int report) => (await process.StateOf(User)).Reports[report].Status;

    private async Task SendElsewhere(string value, DateTimeOffset timestamp)
    {
        using var elsewhere = new StripeMeters(Options);
        await elsewhere.Send(new Outgoing("from-elsewhere", Meter, Customer, value, timestamp), "from-elsewhere");
    }
}
