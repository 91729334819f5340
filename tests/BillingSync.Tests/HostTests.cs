using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Metering.BillingSync.ReadModels;
using Metering.Contracts.Messages;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Fault = Metering.StripeSimulator.Fault;
using GroupTotal = Metering.Contracts.Messages.GroupTotal;
using Reporting = Metering.Contracts.Messages.Reporting;

namespace Metering.BillingSync.Tests;

/// <summary>
/// The service as a host runs it: messages on a bus, gRPC over a real connection, the simulator behind. A result on a double: the
/// simulator.
/// </summary>
public sealed class HostTests
{
    private const string Key = "sk_test_host";
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private Simulator simulator = null!;
    private WebApplication app = null!;
    private GrpcChannel channel = null!;
    private BillingOps.BillingOpsClient ops = null!;

    [SetUp]
    public async Task Start()
    {
        simulator = await Simulator.StartAsync(new SimulatorOptions { AnyCustomer = true });
        simulator.Account(Key).AddMeter("tokens");
        app = Build(("Stripe:ApiKey", Key), ("Stripe:ApiBase", simulator.Address.GetLeftPart(UriPartial.Authority)), ("Stripe:RequestsPerSecond", "0"),
            ("Stripe:RetryAfter", "00:00:00.01"), ("Billing:Reconcile:Settle", "0"), ("Billing:Reconcile:Between", "0"));
        app.MapBillingSync();
        await app.StartAsync();
        channel = GrpcChannel.ForAddress(app.Urls.Single());
        ops = new(channel);
    }

    [TearDown]
    public async Task Stop()
    {
        channel.Dispose();
        await app.DisposeAsync();
        await simulator.DisposeAsync();
    }

    [Test]
    public void Nothing_is_told_to_the_vendor_of_the_bus() =>
        Assert.That(app.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled, Is.False);

    [Test]
    public async Task Messages_become_reports_that_operators_can_list()
    {
        await Publish(Ended("ann", 700));
        await Publish(Ended("ann", 700));
        // messages that are taken in at once may overtake each other
        await Reached("ann", 3);
        await Publish(Closed("ann", 650));
        await Publish(Ended("bob", 40) with { StripeCustomer = null });
        await Reached("ann", 7);
        await Reached("bob", 1);

        var reply = await ops.ListReportsAsync(new ListReportsRequest());
        Assert.That(
            reply.Reports.Select(report => (report.User, report.Value, report.State, report.HasStripeCustomer)),
            Is.EqualTo(new[]
            {
                ("ann", 700L, ReportState.Accepted, true), ("ann", -50L, ReportState.Accepted, true), ("bob", 40L, ReportState.Unlinked, false),
            }));
        Assert.That(simulator.Account(Key).Total("tokens", "cus_ann").ToString(), Is.EqualTo("650"));
    }

    [Test]
    public async Task Totals_are_per_Stripe_meter()
    {
        await Publish(Ended("ann", 700));
        await Publish(Ended("bob", 40) with { StripeCustomer = null });
        await Publish(Ended("eve", 5, "unknown"));
        await Reached("ann", 3);
        await Reached("bob", 1);
        await Reached("eve", 3);

        var all = await ops.GetTotalsAsync(new GetTotalsRequest());
        Assert.That(all.Totals, Is.EqualTo(new[]
        {
            new StripeMeterTotal { StripeMeter = "tokens", Reports = 2, Reported = 740, Accepted = 700, Unlinked = 40 },
            new StripeMeterTotal { StripeMeter = "unknown", Reports = 1, Rejected = 5 },
        }));
        var bob = await ops.GetTotalsAsync(new GetTotalsRequest { User = "bob" });
        Assert.That(bob.Totals.Single().Reported, Is.EqualTo(40));
    }

    [Test]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        foreach (var user in new[] { "c", "a", "b" })
        {
            await Publish(Ended(user, 700));
            await Reached(user, 3);
            await Publish(Closed(user, 650));
        }
        foreach (var user in new[] { "a", "b", "c" }) await Reached(user, 6);

        Assert.That(await Pages(new ListReportsRequest { PageSize = 4 }), Is.EqualTo(new[] { "a700 a-50 b700 b-50", "c700 c-50" }));
        Assert.That(await Pages(new ListReportsRequest { PageSize = 1, User = "b" }), Is.EqualTo(new[] { "b700", "b-50" }));
        Assert.That(await Pages(new ListReportsRequest { State = ReportState.Rejected }), Is.EqualTo(new[] { "" }));
        Assert.That(await Pages(new ListReportsRequest { User = "nobody" }), Is.EqualTo(new[] { "" }));
    }

    [TestCase("user", "a b", 0, 0, "")]
    [TestCase("user", "", 0, 0, "")]
    [TestCase("page_size", "ann", 1001, 0, "")]
    [TestCase("page_size", "ann", -1, 0, "")]
    [TestCase("state", "ann", 0, 99, "")]
    [TestCase("page_token", "ann", 0, 0, "x")]
    [TestCase("page_token", "ann", 0, 0, "eA==")]
    public void A_malformed_request_is_told_what_was_expected(string field, string user, int pageSize, int state, string token)
    {
        var request = new ListReportsRequest { User = user, PageSize = pageSize, State = (ReportState)state, PageToken = token };
        var refusal = Assert.ThrowsAsync<RpcException>(async () => await ops.ListReportsAsync(request))!;
        var error = Error.Parser.ParseFrom(refusal.Trailers.GetValueBytes("metering-error-bin"));
        Assert.That((refusal.StatusCode, error.Field), Is.EqualTo((StatusCode.InvalidArgument, field)));
        Assert.That(error.Expected, Is.Not.Empty);
    }

    [Test]
    public async Task A_key_that_Stripe_refuses_turns_readiness_red()
    {
        await app.Services.GetRequiredService<Sending.Backlog>().Resumed;
        Assert.That(await Health(), Is.EqualTo(HealthStatus.Healthy));
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = (int)HttpStatusCode.Unauthorized });
        await Publish(Ended("ann", 700));
        await Reached("ann", 3);
        await app.Services.GetRequiredService<Sending.ReportSender>().WhenIdle();
        Assert.That(await Health(), Is.EqualTo(HealthStatus.Unhealthy));
    }

    [TestCase("Stripe:ApiKey", "")]
    [TestCase("Stripe:ApiKey", "sk_test_ x")]
    [TestCase("Stripe:ApiKey", "pk_test_x")]
    [TestCase("Stripe:ApiKey", "whsec_x")]
    [TestCase("Stripe:ApiBase", "stripe")]
    [TestCase("Stripe:ApiBase", "http://stripe.example")]
    [TestCase("Stripe:RequestsPerSecond", "-1")]
    [TestCase("Stripe:Concurrency", "0")]
    [TestCase("Stripe:Timeout", "00:00:00")]
    [TestCase("Stripe:RetryAfter", "00:00:00")]
    public async Task A_setting_that_cannot_work_is_refused_at_start(string setting, string value)
    {
        await using var other = Build(("Stripe:ApiKey", Key), (setting, value));
        var refusal = Assert.ThrowsAsync<OptionsValidationException>(() => other.StartAsync())!;
        Assert.That(refusal.Message, Does.Contain(setting));
    }

    [TestCase("Billing:Sink", "printer")]
    [TestCase("Billing:Sink", "file:usage.txt")]
    [TestCase("Billing:Sink", "file:.csv")]
    [TestCase("Billing:Grace", "-00:00:01")]
    [TestCase("Billing:Every", "00:00:00")]
    [TestCase("Billing:CarryForward", "maybe")]
    [TestCase("Billing:PlanChange", "soon")]
    [TestCase("Billing:SuspendOnPaymentFailed", "-1")]
    [TestCase("Billing:Credits:usd:PerSmallestUnit", "0")]
    [TestCase("Billing:Accounts", "nowhere")]
    [TestCase("Billing:Reconcile:ReadsPerMonth", "0")]
    [TestCase("Billing:Reconcile:ReadsPerSecond", "0")]
    [TestCase("Billing:Reconcile:Every", "00:00:10")]
    [TestCase("Billing:Reconcile:Settle", "-00:00:01")]
    [TestCase("Billing:Reconcile:Between", "-00:00:01")]
    [TestCase("Billing:Meters:tokens:Mode", "daily")]
    public Task So_is_one_of_billing(string setting, string value) => A_setting_that_cannot_work_is_refused_at_start(setting, value);

    [Test]
    public async Task A_resync_says_what_it_did_per_user_and_in_sum()
    {
        await WriteLedger("ann", 700);
        await WriteLedger("bob", 40);
        var dry = await Resync(new ResyncRequest { DryRun = true });
        Assert.That((dry.Users.Sum(user => user.Lines.Single().Planned), dry.Summary.Reports, simulator.Account(Key).Events.Count), Is.EqualTo((740L, 2L, 0)));
        var done = await Resync(new ResyncRequest());
        Assert.That(done.Users.Select(user => (user.User, user.Lines.Single().Planned)), Is.EqualTo(new[] { ("ann", 700L), ("bob", 40L) }));
        Assert.That(done.Summary, Is.EqualTo(new ResyncSummary { Users = 2, Changed = 2, Reports = 2 }));
        Assert.That((await Resync(new ResyncRequest())).Summary, Is.EqualTo(new ResyncSummary { Users = 2 }));
        await app.Services.GetRequiredService<Sending.ReportSender>().WhenIdle();
        Assert.That(simulator.Account(Key).Total("tokens", "cus_ann").ToString(), Is.EqualTo("700"));
    }

    [Test]
    public async Task One_users_trouble_is_told_and_stops_nobody_else()
    {
        await WriteLedger("ann", 700);
        await app.Services.GetRequiredService<IEventStreams>().Append(
            "ledger-bad", -1, [new NewEvent(BillingSpec.Source(1), "unheard_of.v1", "{}"u8.ToArray(), default)], CancellationToken.None);
        var done = await Resync(new ResyncRequest());
        Assert.That((done.Summary.Failed, done.Summary.Reports, done.Users.Last().Failure), Is.EqualTo((1L, 1L, "unknown ledger event type unheard_of.v1")));
    }

    [Test]
    public async Task What_operators_say_is_missing_is_reported_anew_and_explained()
    {
        simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        await WriteLedger("ann", 700);
        var first = (await Resync(new ResyncRequest { User = "ann" })).Users.Single().Lines.Single().Identifiers.Single();
        await Reached("ann", 3);
        var marked = await ops.MarkMissingAsync(new MarkMissingRequest { Identifier = first, Why = "the summary has 0" });
        Assert.That((marked.Report.State, marked.Report.ErrorMessage), Is.EqualTo((ReportState.Missing, "the summary has 0")));
        Assert.That((await ops.ListLinesAsync(new ListLinesRequest { UnsettledOnly = true })).Lines.Single().Target, Is.EqualTo(700));
        Assert.That((await ops.RetryAsync(new RetryRequest { Identifier = first })).Planned, Is.EqualTo(1));
        await app.Services.GetRequiredService<Sending.ReportSender>().WhenIdle();
        Assert.That(simulator.Account(Key).Total("tokens", "cus_ann").ToString(), Is.EqualTo("700"));
        await Reached("ann", 7);

        var second = (await ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Accepted })).Reports.Single();
        var (line, events) = await Explain(second.Identifier);
        Assert.That((line.Report.Value, line.Line.Target, line.Line.Reported, line.Rest), Is.EqualTo((700L, 700L, 0L, 0L)));
        Assert.That((events.Sum(one => one.Amount), line.Totals.Single().Total), Is.EqualTo((700L, 700L)));

        using var call = ops.ExplainLine(new ExplainLineRequest { User = "ann", Period = 1, Group = "chat" });
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        var whole = call.ResponseStream.Current.Line;
        Assert.That((whole.Line.Target, whole.Line.Reported), Is.EqualTo((700L, 700L)));
        Assert.That(whole.Reports.Select(report => report.State), Is.EqualTo(new[] { ReportState.Missing, ReportState.Accepted }));
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        Assert.That(call.ResponseStream.Current.Events.Sum(one => one.Amount), Is.EqualTo(700));
    }

    [Test]
    public async Task What_operators_cannot_mean_is_refused()
    {
        await WriteLedger("ann", 700);
        var id = (await Resync(new ResyncRequest())).Users.Single().Lines.Single().Identifiers.Single();
        await Reached("ann", 3);
        Refused(StatusCode.NotFound, "identifier", async () => await ops.MarkMissingAsync(new MarkMissingRequest { Identifier = "x", Why = "y" }));
        Refused(StatusCode.InvalidArgument, "why", async () => await ops.MarkMissingAsync(new MarkMissingRequest { Identifier = id }));
        Refused(StatusCode.NotFound, "identifier", async () => await ops.RetryAsync(new RetryRequest { Identifier = "x" }));
        Refused(StatusCode.FailedPrecondition, "identifier", async () => await ops.RetryAsync(new RetryRequest { Identifier = id }));
        Refused(StatusCode.InvalidArgument, "period", async () => await Resync(new ResyncRequest { Period = -1 }));
        Refused(StatusCode.InvalidArgument, "user", async () => await Resync(new ResyncRequest { User = "a b" }));
        Refused(StatusCode.NotFound, "identifier", async () => await Explain("x"));
        Refused(StatusCode.NotFound, "group", async () => await ops.ExplainLine(new() { User = "ann", Period = 9, Group = "chat" }).ResponseStream.MoveNext());
    }

    [Test]
    public async Task What_Stripe_lost_is_told_with_its_cause_and_sent_anew_by_a_resync()
    {
        await WriteLedger("ann", 700);
        await WriteLedger("bob", 40);
        var lost = (await Resync(new ResyncRequest())).Users[0].Lines.Single().Identifiers.Single();
        await Reached("ann", 3);
        await Reached("bob", 3);
        simulator.Account(Key).Lose(lost);

        var (windows, summary) = await Reconcile(new ReconcileRequest { Record = true });
        var (window, part) = (windows.Single(), windows.Single().Differences.Single());
        Assert.That((window.StripeCustomer, window.Ledger, window.Stripe, part.Cause, part.Value, part.Identifiers.Single()), Is.EqualTo(
            ("cus_ann", 700L, "0", DifferenceCause.Lost, "700", lost)));
        Assert.That(summary, Is.EqualTo(new ReconcileSummary
        {
            Windows = 2, Differing = 1, Confirmed = 1, Missing = 1, ReadsLeft = 9_996, Recorded = true, ToDo = 1,
        }));
        Assert.That((await Resync(new ResyncRequest())).Summary.Reports, Is.EqualTo(1));
        await Reached("ann", 6);
        Assert.That((await Reconcile(new ReconcileRequest { User = "ann", Recheck = true })).Windows.Single().Differences, Is.Empty);
        var confirmed = await ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Confirmed });
        Assert.That(confirmed.Reports.Single().User, Is.EqualTo("bob"));
    }

    [Test, CancelAfter(30_000)]
    public async Task The_read_model_is_rebuilt_beside_the_live_one(CancellationToken stop)
    {
        await Publish(Ended("ann", 700));
        await Reached("ann", 3);
        Refused(StatusCode.InvalidArgument, "read_models", async () => await ops.RebuildAsync(new() { ReadModels = { "balances" } }));
        var begun = (await ops.RebuildAsync(new() { ReadModels = { "billing" } }, cancellationToken: stop)).ReadModels.Single();
        Assert.That((begun.Name, begun.EventsByType["report_accepted.v1"]), Is.EqualTo(("billing", 1L)));
        while ((await ops.GetProgressAsync(new(), cancellationToken: stop)).ReadModels.Single().Generation == 1)
            Assert.That((await ops.ListReportsAsync(new(), cancellationToken: stop)).Reports.Single().Value, Is.EqualTo(700));
        Assert.That((await ops.ListReportsAsync(new(), cancellationToken: stop)).Reports.Single().State, Is.EqualTo(ReportState.Accepted));
    }

    [Test]
    public async Task What_cannot_be_reconciled_is_refused()
    {
        Refused(StatusCode.InvalidArgument, "user", async () => await Reconcile(new ReconcileRequest { User = "a b" }));
        Refused(StatusCode.InvalidArgument, "period", async () => await Reconcile(new ReconcileRequest { Period = -1 }));
        await Publish(Ended("ann", 700));
        await Reached("ann", 3);
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401, Path = "/v1/billing/meters*" });
        var refusal = Refused(StatusCode.FailedPrecondition, "", async () => await Reconcile(new ReconcileRequest()));
        Assert.That(refusal.Reason, Does.StartWith("Stripe refuses Stripe:ApiKey: "));
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 500, Path = "/v1/billing/meters*", Times = -1 });
        var away = Refused(StatusCode.Unavailable, "", async () => await Reconcile(new ReconcileRequest()));
        Assert.That(away.Reason, Does.StartWith("Stripe does not answer: "));
    }

    [Test]
    public async Task Users_and_periods_that_are_not_there_are_not_found()
    {
        await WriteLedger("ann", 700);
        Refused(StatusCode.NotFound, "user", async () => await Reconcile(new ReconcileRequest { User = "nobody" }));
        Refused(StatusCode.NotFound, "user", async () => await ops.ListStripeProblemsAsync(new() { User = "nobody" }));
        Assert.That((await ops.ListStripeProblemsAsync(new() { User = "ann" })).Problems, Is.Empty);
        var missing = Refused(StatusCode.NotFound, "period", async () => await Reconcile(new ReconcileRequest { User = "ann", Period = 99 }));
        Assert.That(missing.Expected, Is.EqualTo("1 to 2"));
        missing = Refused(StatusCode.NotFound, "period", async () => await Resync(new ResyncRequest { User = "ann", Period = 99 }));
        Assert.That((missing.Expected, simulator.Account(Key).Events.Count), Is.EqualTo(("1 to 2", 0)));
        Assert.That((await Resync(new ResyncRequest { User = "ann", Period = 2 })).Summary, Is.EqualTo(new ResyncSummary { Users = 1 }));
    }

    [Test]
    public async Task What_Stripe_has_is_missing_only_by_force()
    {
        await WriteLedger("ann", 700);
        var id = (await Resync(new ResyncRequest())).Users.Single().Lines.Single().Identifiers.Single();
        await Reached("ann", 3);
        Refused(StatusCode.FailedPrecondition, "identifier", async () => await ops.MarkMissingAsync(new() { Identifier = id, Why = "why" }));
        await Reconcile(new ReconcileRequest { Record = true });
        var refusal = Refused(StatusCode.FailedPrecondition, "identifier", async () => await ops.MarkMissingAsync(new() { Identifier = id, Why = "why" }));
        Assert.That(refusal.Reason, Does.StartWith("it is confirmed"));
        Assert.That((await Resync(new ResyncRequest())).Summary.Reports, Is.Zero);
        var forced = await ops.MarkMissingAsync(new() { Identifier = id, Why = "Stripe credits it", Force = true });
        Assert.That(forced.Report.State, Is.EqualTo(ReportState.Missing));
        Assert.That((await Explain(id)).Line.Report.ErrorMessage, Is.EqualTo("Stripe credits it"));
    }

    [Test]
    public async Task What_Stripe_cannot_be_asked_about_is_believed_to_be_missing()
    {
        await WriteLedger("ann", 700);
        var id = (await Resync(new ResyncRequest())).Users.Single().Lines.Single().Identifiers.Single();
        await Reached("ann", 3);
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 500, Path = "/v1/billing/meters*", Times = -1 });
        Assert.That((await ops.MarkMissingAsync(new() { Identifier = id, Why = "why" })).Report.State, Is.EqualTo(ReportState.Missing));
    }

    [Test]
    public async Task A_report_of_a_period_that_was_closed_since_says_both()
    {
        await Publish(Ended("ann", 700));
        await Reached("ann", 3);
        var id = (await ops.ListReportsAsync(new())).Reports.Single().Identifier;
        Assert.That((await Explain(id)).Line.ClosedNow, Is.False);
        await Publish(Closed("ann", 700));
        await Reached("ann", 4);
        var line = (await Explain(id)).Line;
        Assert.That((line.Closed, line.ClosedNow, line.LedgerRevision), Is.EqualTo((false, true, 10L)));
    }

    [Test]
    public async Task What_holds_up_a_retry_is_said()
    {
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = (int)HttpStatusCode.Unauthorized, Times = -1 });
        await WriteLedger("ann", 700);
        await Publish(Ended("bob", 40) with { StripeCustomer = null });
        await Reached("bob", 1);
        Assert.That((await Resync(new ResyncRequest { User = "ann" })).Summary.Halted, Is.Not.Empty);
        var still = await ops.RetryAsync(new RetryRequest());
        Assert.That((still.Resumed, still.Halted.Length > 0, still.Waiting, still.Unlinked), Is.EqualTo((true, true, 1L, 1L)));
        simulator.Faults.Clear();
        var done = await ops.RetryAsync(new RetryRequest());
        Assert.That((done.Resumed, done.Halted, done.Unlinked), Is.EqualTo((true, "", 1L)));
    }

    private async Task<(List<ReconciledWindow> Windows, ReconcileSummary Summary)> Reconcile(ReconcileRequest request)
    {
        using var call = ops.Reconcile(request);
        var (windows, summary) = (new List<ReconciledWindow>(), new ReconcileSummary());
        while (await call.ResponseStream.MoveNext())
            if (call.ResponseStream.Current.Window is { } window) windows.Add(window);
            else summary = call.ResponseStream.Current.Summary;
        return (windows, summary);
    }

    private async Task WriteLedger(string user, long quantity)
    {
        var ledger = new TestLedger(app.Services.GetRequiredService<IEventStreams>(), user);
        var yesterday = now.UtcDateTime.Date.AddDays(-1);
        await ledger.Assign(TestLedger.Daily(), yesterday, "cus_" + user);
        await ledger.Track(quantity, yesterday.AddHours(1));
        await ledger.Advance(now);
    }

    private async Task<(List<ResyncedUser> Users, ResyncSummary Summary)> Resync(ResyncRequest request)
    {
        using var call = ops.Resync(request);
        var (users, summary) = (new List<ResyncedUser>(), new ResyncSummary());
        while (await call.ResponseStream.MoveNext())
            if (call.ResponseStream.Current.User is { } user) users.Add(user);
            else summary = call.ResponseStream.Current.Summary;
        return (users, summary);
    }

    private async Task<(BilledLine Line, List<BilledEvent> Events)> Explain(string identifier)
    {
        using var call = ops.ExplainReport(new ExplainReportRequest { Identifier = identifier });
        var (line, events) = ((BilledLine?)null, new List<BilledEvent>());
        while (await call.ResponseStream.MoveNext())
        {
            line ??= call.ResponseStream.Current.Line;
            events.AddRange(call.ResponseStream.Current.Events);
        }
        return (line!, events);
    }

    private static Error Refused(StatusCode status, string field, Func<Task> ask)
    {
        var refusal = Assert.ThrowsAsync<RpcException>(async () => await ask())!;
        var error = Error.Parser.ParseFrom(refusal.Trailers.GetValueBytes("metering-error-bin"));
        Assert.That((refusal.StatusCode, error.Field), Is.EqualTo((status, field)));
        return error;
    }

    private static WebApplication Build(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<IEventStreams>(new MemoryStreams(TimeProvider.System)).AddBillingSync(builder.Configuration);
        builder.Services.AddBus(builder.Configuration, bus => bus.AddBillingSyncConsumers());
        return builder.Build();
    }

    private Task Publish<T>(T message) where T : class => app.Services.GetRequiredService<IBus>().Publish(message);

    private Task Reached(string user, long revision) =>
        app.Services.GetRequiredService<BillingView>().WaitFor(user, revision, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

    private async Task<HealthStatus> Health() => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["billing-sync"].Status;

    private async Task<List<string>> Pages(ListReportsRequest request)
    {
        var pages = new List<string>();
        do
        {
            var reply = await ops.ListReportsAsync(request);
            pages.Add(string.Join(' ', reply.Reports.Select(report => $"{report.User}{report.Value}")));
            request.PageToken = reply.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return pages;
    }

    private PeriodEnded Ended(string user, long quota, string meter = "tokens") => new(
        user, 10, BillingSpec.Source(10), now, 1, now.AddDays(-30), now.AddHours(-1), "cus_" + user, [Group(quota, meter)]);

    private PeriodClosed Closed(string user, long quota) => new(
        user, 12, BillingSpec.Source(12), now, 1, now.AddDays(-30), now.AddHours(-1), "cus_" + user, [Group(quota, "tokens")], [], null);

    private static GroupTotal Group(long quota, string meter) =>
        BillingSpec.Usage(quota) with { Reporting = new Reporting(meter, 1, "usage") };
}
