using System.Net;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Events;
using Stripe.V2.Core;

namespace Metering.StripeSimulatorTests;

/// <summary>What was answered 200 and then dropped, as it is told later.</summary>
public abstract class ThinEventTest : SimulatorTest
{
    protected const string Secret = "whsec_thin";

    protected WebhookInbox Inbox { get; private set; } = null!;

    [SetUp]
    public async Task ListenAsync()
    {
        Inbox = await WebhookInbox.StartAsync();
        Simulator.AddWebhook(new WebhookTarget(Inbox.Url, Secret, Thin: true));
    }

    [TearDown]
    public async Task StopListeningAsync() => await Inbox.DisposeAsync();

    protected async Task ReportAsync(string identifier, string customer, string eventName = Tokens, string? key = null)
    {
        var usage = Usage("1", identifier);
        (usage.EventName, usage.Payload["stripe_customer_id"]) = (eventName, customer);
        await ReportAsync(usage, key);
    }

    /// <summary>Reports cover ten seconds each.</summary>
    protected async Task<List<EventNotification>> ToldAsync()
    {
        Simulator.Advance(TimeSpan.FromSeconds(10));
        await Simulator.WhenDelivered;
        return [.. Inbox.Received.Select(Read)];
    }

    private EventNotification Read(ReceivedWebhook webhook)
    {
        EventUtility.ValidateSignature(webhook.Body, webhook.Signature, Secret, 300, Time.GetUtcNow().ToUnixTimeSeconds());
        return EventNotification.FromJson(webhook.Body, Client);
    }
}

public class ErrorReportTests : ThinEventTest
{
    [Test]
    public async Task Errors_of_ten_seconds_are_one_report_that_counts_all_and_names_some()
    {
        for (var i = 0; i < 7; i++) await ReportAsync($"e{i}", "cus_nope", key: $"k{i}");
        var told = (V1BillingMeterErrorReportTriggeredEventNotification)(await ToldAsync()).Single();
        var report = await told.FetchEventAsync();
        var type = report.Data.Reason.ErrorTypes.Single();
        Assert.Multiple(() =>
        {
            Assert.That((told.Id, told.RelatedObject.Type), Is.EqualTo((report.Id, "billing.meter")));
            Assert.That((report.Data.Reason.ErrorCount, type.ErrorCount, type.Code), Is.EqualTo((7, 7, "meter_event_customer_not_found")));
            Assert.That(type.SampleErrors.Select(s => s.Request.Identifier), Is.EqualTo(new[] { "k0", "k1", "k2", "k3", "k4" }));
            Assert.That(type.SampleErrors[0].ErrorMessage, Does.Contain("cus_nope"));
            Assert.That(report.Data.ValidationStart, Is.EqualTo(new DateTime(2026, 11, 20, 12, 0, 30, DateTimeKind.Utc)));
            Assert.That(report.Data.ValidationEnd - report.Data.ValidationStart, Is.EqualTo(TimeSpan.FromSeconds(10)));
        });
        Assert.That((await told.FetchRelatedObjectAsync()).EventName, Is.EqualTo(Tokens));
    }

    [Test]
    public async Task Each_ten_seconds_have_a_report_of_their_own()
    {
        await ReportAsync("a", "cus_nope");
        await ToldAsync();
        await ReportAsync("b", "cus_nope");
        await ReportAsync("c", Ann);
        Assert.That(await ToldAsync(), Has.Count.EqualTo(2));
        Assert.That(await ToldAsync(), Has.Count.EqualTo(2));
    }

    [TestCase("meter_event_customer_not_found")]
    [TestCase("meter_event_dimension_count_too_high")]
    [TestCase("meter_event_invalid_value")]
    [TestCase("meter_event_no_customer_defined")]
    [TestCase("meter_event_value_not_found")]
    [TestCase("meter_event_value_too_many_digits")]
    [TestCase("missing_dimension_payload_keys")]
    [TestCase("archived_meter")]
    [TestCase("timestamp_in_future")]
    [TestCase("timestamp_too_far_in_past")]
    public async Task Any_code_can_be_asked_for(string code)
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater) { Code = code });
        await ReportAsync("a", Ann);
        var report = await ((V1BillingMeterErrorReportTriggeredEventNotification)(await ToldAsync()).Single()).FetchEventAsync();
        Assert.That(report.Data.Reason.ErrorTypes.Select(t => (t.Code, t.ErrorCount)), Is.EqualTo(new[] { (code, 1) }));
        AssertTotal("0");
    }

    [Test]
    public async Task Several_codes_of_a_meter_share_a_report()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater) { Code = "meter_event_invalid_value", Times = 2 });
        await ReportAsync("a", Ann);
        await ReportAsync("b", Ann);
        await ReportAsync("c", "cus_nope");
        var report = await ((V1BillingMeterErrorReportTriggeredEventNotification)(await ToldAsync()).Single()).FetchEventAsync();
        Assert.That(report.Data.Reason.ErrorCount, Is.EqualTo(3));
        Assert.That(report.Data.Reason.ErrorTypes.Select(t => t.ErrorCount), Is.EqualTo(new[] { 2, 1 }));
    }

    [Test]
    public async Task Reports_too_are_sent_twice_late_and_forged_on_demand()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeliverTwice) { EventType = "v1.billing.*" });
        await ReportAsync("a", "cus_nope");
        Assert.That((await ToldAsync()).Select(n => n.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Inbox.Received, Has.Count.EqualTo(2));
        Simulator.Faults.Add(new Fault(FaultKind.DeliverForged));
        await ReportAsync("b", "cus_nope");
        Assert.ThrowsAsync<StripeException>(ToldAsync);
    }

    [Test]
    public async Task One_of_a_type_never_heard_of_is_told_too()
    {
        await PostAsync("/simulator/tell", "{\"type\":\"v9.not.yet.invented\",\"object\":{\"x\":1},\"thin\":true}");
        var told = (await ToldAsync()).Single();
        var fetched = await Client.V2.Core.Events.GetAsync(told.Id);
        Assert.That((told.Type, fetched.Type), Is.EqualTo(("v9.not.yet.invented", "v9.not.yet.invented")));
    }

    [Test]
    public async Task Snapshots_do_not_go_where_thin_events_go()
    {
        Account.AddCustomer("cus_bob");
        Assert.That(await ToldAsync(), Is.Empty);
    }

    [Test]
    public async Task A_thin_event_is_not_among_the_others()
    {
        await ReportAsync("a", "cus_nope");
        var id = (await ToldAsync()).Single().Id;
        Assert.That((await Client.V2.Core.Events.GetAsync(id)).Id, Is.EqualTo(id));
        await RefusalAsync(Client.RequestAsync<Stripe.Event>(HttpMethod.Get, "/v1/events/" + id, null, null), HttpStatusCode.NotFound);
        await RefusalAsync(Client.V2.Core.Events.GetAsync("evt_nope"), HttpStatusCode.NotFound);
    }
}

public class NoMeterTests : ThinEventTest
{
    protected override SimulatorOptions Options => new() { UnknownMeterIsAsync = true, SamplesNameEvents = true, ErrorSamples = 1 };

    [Test]
    public async Task An_event_name_that_no_meter_has_is_reported_without_a_meter()
    {
        await ReportAsync("a", Ann, "nope", "k");
        await ReportAsync("b", Ann, "neither", "k2");
        var report = await ((V1BillingMeterNoMeterFoundEventNotification)(await ToldAsync()).Single()).FetchEventAsync();
        var type = report.Data.Reason.ErrorTypes.Single();
        Assert.That((report.Type, type.Code, type.ErrorCount), Is.EqualTo(("v1.billing.meter.no_meter_found", "no_meter", 2)));
        Assert.That(type.SampleErrors.Select(s => s.Request.Identifier), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task A_deactivated_meter_is_reported_as_archived()
    {
        await Client.V1.Billing.Meters.DeactivateAsync(TokensMeter.Id);
        await ReportAsync("a", Ann);
        var told = (V1BillingMeterErrorReportTriggeredEventNotification)(await ToldAsync()).Single();
        Assert.That(told.RelatedObject.Id, Is.EqualTo(TokensMeter.Id));
        Assert.That((await told.FetchEventAsync()).Data.Reason.ErrorTypes.Single().Code, Is.EqualTo("archived_meter"));
    }
}
