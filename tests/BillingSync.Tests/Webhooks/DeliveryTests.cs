using System.Net;
using System.Text.Json.Nodes;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>What is Stripe's, what is not, and what happens while something is away.</summary>
public sealed class DeliveryTests : WebhookTest
{
    private const string Assigned = "pro for cus_ann";

    [TestCase("whsec_other", 0, HttpStatusCode.BadRequest)]
    [TestCase(WebhookSite.Secret, 0, HttpStatusCode.OK)]
    [TestCase(WebhookSite.OldSecret, 0, HttpStatusCode.OK)]
    [TestCase(WebhookSite.Secret, 290, HttpStatusCode.OK)]
    [TestCase(WebhookSite.Secret, 310, HttpStatusCode.BadRequest)]
    [TestCase(WebhookSite.Secret, -310, HttpStatusCode.BadRequest)]
    public async Task A_signature_is_of_a_secret_and_of_now(string secret, int secondsAgo, HttpStatusCode expected)
    {
        Assert.That(await Site.Deliver(Told.Subscription("created", Now), secret, TimeSpan.FromSeconds(secondsAgo)), Is.EqualTo(expected));
        Assert.That(await Ledger(), Is.EqualTo(expected == HttpStatusCode.OK ? Assigned : ""));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("t=,v1=")]
    [TestCase("nonsense")]
    [TestCase("t=1,v1")]
    public async Task Without_a_signature_nothing_is_taken(string? header) =>
        Assert.That(await Site.Post(Told.Subscription("created", Now).ToJsonString(), header), Is.EqualTo(HttpStatusCode.BadRequest));

    [Test]
    public async Task A_body_that_was_changed_is_not_Stripes()
    {
        var body = Told.Subscription("created", Now).ToJsonString();
        var header = WebhookSite.Header(body, WebhookSite.Secret, Now);
        Assert.That(await Site.Post(body.Replace("ann", "bob", StringComparison.Ordinal), header), Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{\"type\":\"invoice.paid\"}")]
    [TestCase("{\"id\":\"evt_x\",\"type\":7}")]
    public async Task A_signed_body_that_is_no_event_is_malformed(string body) =>
        Assert.That(await Site.Post(body, WebhookSite.Header(body, WebhookSite.Secret, Now)), Is.EqualTo(HttpStatusCode.BadRequest));

    [Test]
    public async Task A_body_beyond_any_event_is_not_read()
    {
        var body = new string(' ', 1024 * 1024 + 1);
        var status = await Site.Post(body, WebhookSite.Header(body, WebhookSite.Secret, Now));
        Assert.That(status, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
    }

    [TestCase("customer.discount.created")]
    [TestCase("customer.deleted")]
    [TestCase("invoice.created")]
    [TestCase("invoice.finalized")]
    [TestCase("billing.meter.created")]
    [TestCase("billing.meter.updated")]
    [TestCase("billing.meter.deactivated")]
    [TestCase("billing.meter.reactivated")]
    [TestCase("billing.alert.triggered")]
    [TestCase("invoice.upcoming")]
    [TestCase("not.yet.invented")]
    public async Task Other_events_are_acknowledged_and_leave_no_trace(string type)
    {
        await Deliver(Told.Event(type, Now, new JsonObject { ["id"] = "x_1", ["object"] = "x", ["customer"] = Told.Customer }));
        Assert.That(await Length("stripe-cus_ann"), Is.Zero);
    }

    [Test]
    public async Task Of_another_API_version_it_is_taken_all_the_same()
    {
        var told = Told.Subscription("created", Now);
        told["api_version"] = "2024-06-20";
        await Deliver(told);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [Test]
    public async Task Without_a_secret_nothing_is_acknowledged()
    {
        var site = await StartSite(("Stripe:WebhookSecret", ""));
        Assert.That(await site.Deliver(Told.Subscription("created", Now)), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [TestCase("stripe-", 0, TestName = "Away_before_it_is_kept")]
    [TestCase("ledger-", 0, TestName = "Away_when_Accounts_appends")]
    [TestCase("stripe-", 1, TestName = "Away_before_what_was_done_is_recorded")]
    public async Task While_the_store_is_away_it_is_to_be_delivered_again(string prefix, int after)
    {
        var created = Told.Subscription("created", Now);
        Streams.Break(prefix, after);
        Assert.That(await Site.Deliver(created), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Streams.Mend();
        await Deliver(created, created);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [TestCase("ledger-", 0)]
    [TestCase("stripe-", 1)]
    public async Task Also_when_the_ledger_no_longer_knows_the_id(string prefix, int after)
    {
        var created = Told.Subscription("created", Now);
        Streams.Break(prefix, after);
        await Site.Deliver(created);
        Streams.Mend();
        Time.Advance(TimeSpan.FromHours(1));
        await Deliver(created, created);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [Test]
    public async Task Accounts_away_the_next_process_goes_on()
    {
        var (created, deleted) = (Told.Subscription("created", Now), Told.Subscription("deleted", Now.AddSeconds(1), "canceled"));
        var alone = await StartSite(("Billing:Accounts", "http://127.0.0.1:1"));
        Assert.That(await alone.Deliver(created), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await alone.Deliver(deleted), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await Ledger(), Is.Empty);
        await Deliver(deleted, created);
        Assert.That(await Ledger(), Is.EqualTo(Assigned + ", ended"), "in the order in which they were heard");
    }

    [Test]
    public async Task Twenty_deliveries_at_once_are_one()
    {
        var created = Told.Subscription("created", Now);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Site.Deliver(created)));
        Assert.That(answers, Is.All.EqualTo(HttpStatusCode.OK));
        Assert.That((await Ledger(), await Length("stripe-cus_ann")), Is.EqualTo((Assigned, 3)));
    }
}
