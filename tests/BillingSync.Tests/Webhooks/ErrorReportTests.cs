using System.Net;
using System.Text.Json.Nodes;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.StripeSimulator;
using Metering.V1;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>Usage that Stripe took, dropped, and told of by a thin event.</summary>
public sealed class ErrorReportTests : WebhookTest
{
    private const string Summary = "v1.billing.meter.error_report_triggered";

    private ErrorReports Errors => Site.Services.GetRequiredService<ErrorReports>();

    [SetUp]
    public void Listen()
    {
        Account.AddMeter(BillingSpec.Meter);
        Account.AddCustomer(Told.Customer);
        Simulator.AddWebhook(new WebhookTarget(Site.Webhooks, WebhookSite.Secret, Thin: true));
    }

    [TestCase("archived_meter")]
    [TestCase("meter_event_customer_not_found")]
    [TestCase("meter_event_dimension_count_too_high")]
    [TestCase("meter_event_invalid_value")]
    [TestCase("meter_event_no_customer_defined")]
    [TestCase("meter_event_value_not_found")]
    [TestCase("meter_event_value_too_many_digits")]
    [TestCase("missing_dimension_payload_keys")]
    [TestCase("no_meter")]
    [TestCase("timestamp_in_future")]
    [TestCase("timestamp_too_far_in_past")]
    [TestCase("not_yet_invented")]
    public async Task A_report_that_Stripe_dropped_is_rejected_with_its_code_and_reported_anew(string code)
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater) { Code = code });
        await Report(700);
        await TellErrors();
        var rejected = (await Site.Ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Rejected })).Reports.Single();
        Assert.That((rejected.Value, rejected.ErrorCode), Is.EqualTo((700, code)));
        await Resync();
        Assert.That(Account.Total(BillingSpec.Meter, Told.Customer).ToString(), Is.EqualTo("700"));
        await Resync();
        Assert.That(Account.Events.Count(one => one.Counts), Is.EqualTo(1));
    }

    [Test]
    public async Task A_customer_whom_Stripe_does_not_know_is_reported_once_there_is_one()
    {
        await Report(700, "cus_unknown");
        await TellErrors();
        var rejected = (await Site.Ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Rejected })).Reports.Single();
        Assert.That((rejected.StripeCustomer, rejected.ErrorCode), Is.EqualTo(("cus_unknown", "meter_event_customer_not_found")));
        Account.AddCustomer("cus_unknown");
        await Resync();
        Assert.That(Account.Total(BillingSpec.Meter, "cus_unknown").ToString(), Is.EqualTo("700"));
    }

    [Test]
    public async Task A_later_attempt_is_found_by_its_key()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer));
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        await Report(700);
        Assert.That(Simulator.Requests.Last(request => request.Method == "POST").IdempotencyKey, Does.EndWith("#2"));
        await TellErrors();
        Assert.That((await Site.Ops.ListReportsAsync(new ListReportsRequest())).Reports.Single().State, Is.EqualTo(ReportState.Rejected));
    }

    [Test]
    public async Task Told_twice_it_is_rejected_once_and_what_replaced_it_stays()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        Simulator.Faults.Add(new Fault(FaultKind.DeliverTwice));
        await Report(700);
        await TellErrors();
        await Resync();
        await Deliver(Notification(ErrorEvent()));
        await Errors.WhenIdle();
        var reports = (await Site.Ops.ListReportsAsync(new ListReportsRequest())).Reports;
        Assert.That(reports.Select(report => report.State), Is.EqualTo(new[] { ReportState.Rejected, ReportState.Accepted }));
        Assert.That(await Length("stripe-" + ErrorEvent()), Is.EqualTo(2));
    }

    [Test]
    public async Task While_Stripe_does_not_say_what_it_is_acknowledged_and_asked_again()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        Simulator.Faults.Add(new Fault(FaultKind.LoseRequest) { Path = "/v2/core/events/*", Times = 2 });
        await Report(700);
        await TellErrors();
        Assert.That(Simulator.Deliveries.Select(one => one.Status), Is.EqualTo(new int?[] { 200 }));
        var rejected = await Site.Ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Rejected });
        Assert.That(rejected.Reports, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_next_process_takes_up_what_was_only_recorded()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater));
        Simulator.Faults.Add(new Fault(FaultKind.LoseRequest) { Path = "/v2/core/events/*", Times = -1 });
        await Report(700);
        await TellErrors(wait: false);
        await Site.DisposeAsync();
        Simulator.Faults.Clear();
        var next = await StartSite();
        await next.Services.GetRequiredService<StripeView>().Resumed.WaitAsync(Patience);
        await Taken(next);
        var taken = (await next.Ops.ListReportsAsync(new ListReportsRequest { State = ReportState.Rejected })).Reports;
        Assert.That(taken.Select(report => report.Value), Is.EqualTo(new[] { 700 }));
    }

    [Test]
    public async Task Without_the_store_it_is_to_be_delivered_again()
    {
        Streams.Break("stripe-");
        Assert.That(await Site.Deliver(Notification("evt_1")), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [TestCase("v1.billing.meter.error_report_triggered")]
    [TestCase("v1.billing.meter.no_meter_found")]
    public async Task What_it_does_not_name_and_what_is_none_of_ours_is_listed(string type)
    {
        Account.Tell(type, ErrorsOf(7, "metering-unheard-of"), thin: true);
        await Simulator.WhenDelivered;
        await Errors.WhenIdle();
        var id = Simulator.Deliveries.Single().EventId;
        await Seen(Site, "stripe-" + id);
        var problem = (await Site.Ops.ListStripeProblemsAsync(new ListStripeProblemsRequest())).Problems.Single();
        Assert.That((problem.EventId, problem.Kind, problem.Errors), Is.EqualTo((id, StripeProblemKind.UsageDropped, 7L)));
        Assert.That(problem.Text, Does.Contain("metering-unheard-of").And.Contain("6"));
    }

    [Test]
    public async Task Other_thin_events_are_acknowledged_and_leave_no_trace()
    {
        Account.Tell("v1.billing.meter.renamed", [], thin: true);
        await Simulator.WhenDelivered;
        Assert.That(Simulator.Deliveries.Single().Status, Is.EqualTo(200));
        Assert.That(await Length("stripe-" + Simulator.Deliveries.Single().EventId), Is.Zero);
    }

    private async Task Report(long quantity, string customer = Told.Customer)
    {
        var ledger = new TestLedger(Streams, Told.User);
        var yesterday = Now.UtcDateTime.Date.AddDays(-1);
        await ledger.Assign(TestLedger.Daily(), yesterday, customer);
        await ledger.Track(quantity, yesterday.AddHours(1));
        await ledger.Advance(Now);
        await Resync();
    }

    private async Task Resync()
    {
        using (var call = Site.Ops.Resync(new ResyncRequest { User = Told.User }))
            while (await call.ResponseStream.MoveNext(CancellationToken.None)) { }
        await Site.Services.GetRequiredService<ReportSender>().WhenIdle();
    }

    /// <summary>The ten seconds pass whose errors are told together.</summary>
    private async Task TellErrors(bool wait = true)
    {
        Time.Advance(TimeSpan.FromSeconds(11));
        Simulator.CatchUp();
        await Simulator.WhenDelivered;
        if (wait) await Taken(Site);
    }

    /// <summary>Completes once what was told is taken in, and shown.</summary>
    private async Task Taken(WebhookSite site)
    {
        await site.Services.GetRequiredService<ErrorReports>().WhenIdle().WaitAsync(Patience);
        var last = await Length("billing-ann") - 1;
        await site.Services.GetRequiredService<ReadModels.BillingView>().WaitFor(Told.User, last, CancellationToken.None);
    }

    private string ErrorEvent() => Simulator.Deliveries.First().EventId;

    private JsonObject Notification(string id) => new()
    {
        ["id"] = id, ["object"] = "v2.core.event", ["type"] = Summary, ["created"] = Now.UtcDateTime.ToString("O"), ["livemode"] = false,
    };

    private static JsonObject ErrorsOf(long count, string identifier) => new()
    {
        ["developer_message_summary"] = "not counted",
        ["reason"] = new JsonObject
        {
            ["error_count"] = count,
            ["error_types"] = new JsonArray(new JsonObject
            {
                ["code"] = "no_meter", ["error_count"] = count,
                ["sample_errors"] = new JsonArray(new JsonObject
                {
                    ["error_message"] = "no meter", ["request"] = new JsonObject { ["identifier"] = identifier },
                }),
            }),
        },
    };
}
