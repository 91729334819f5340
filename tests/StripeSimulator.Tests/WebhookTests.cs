using System.Net;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Checkout;

namespace Metering.StripeSimulatorTests;

/// <summary>What a configured address is told, read as its receiver reads it.</summary>
public class WebhookTests : BillingTest
{
    private const string Secret = "whsec_test";
    private WebhookInbox inbox = null!;

    [SetUp]
    public async Task ListenAsync()
    {
        inbox = await WebhookInbox.StartAsync();
        Simulator.AddWebhook(new WebhookTarget(inbox.Url, Secret));
    }

    [TearDown]
    public async Task StopListeningAsync() => await inbox.DisposeAsync();

    [Test]
    public async Task An_event_is_signed_and_carries_its_object_as_it_was()
    {
        var subscription = SubscribeToTokens();
        var created = (await TypedAsync<Subscription>(EventTypes.CustomerSubscriptionCreated)).Single();
        Assert.Multiple(() =>
        {
            Assert.That((created.Id, created.CustomerId, created.Status), Is.EqualTo((subscription.Id, Ann, "active")));
            Assert.That(created.Items.Data[0].CurrentPeriodEnd, Is.EqualTo(Turn.UtcDateTime));
            Assert.That(created.Items.Data[0].Price.Recurring.UsageType, Is.EqualTo("metered"));
            Assert.That(created.LatestInvoiceId, Is.Null, "it had none then");
        });
    }

    [Test]
    public async Task A_period_is_told_from_its_turn_to_its_payment()
    {
        SubscribeToTokens();
        await UsedAsync("5", "a");
        await Simulator.WhenDelivered;
        var before = inbox.Received.Count;
        AdvanceTo(Turn + Grace);
        await Simulator.WhenDelivered;
        Assert.That(Events().Skip(before).Select(e => (e.Type, e.Created)), Is.EqualTo(new[]
        {
            ("invoice.created", Turn.UtcDateTime), ("customer.subscription.updated", Turn.UtcDateTime),
            ("invoice.finalized", (Turn + Grace).UtcDateTime), ("invoice.payment_succeeded", (Turn + Grace).UtcDateTime),
            ("invoice.paid", (Turn + Grace).UtcDateTime),
        }));
        Assert.That(((Invoice)Events()[^1].Data.Object).AmountPaid, Is.EqualTo(5));
    }

    [Test]
    public async Task A_declined_payment_is_told_with_the_subscription_past_due()
    {
        SubscribeToTokens();
        await UsedAsync("5", "a");
        Simulator.Faults.Add(new Fault(FaultKind.DeclinePayment));
        AdvanceTo(Turn + Grace);
        var failed = (await TypedAsync<Invoice>(EventTypes.InvoicePaymentFailed)).Single();
        Assert.That((failed.CustomerId, failed.Status, failed.AttemptCount), Is.EqualTo((Ann, "open", 1)));
        Assert.That(failed.NextPaymentAttempt, Is.EqualTo((Turn + Grace).AddDays(3).UtcDateTime));
        Assert.That((await TypedAsync<Subscription>(EventTypes.CustomerSubscriptionUpdated))[^1].Status, Is.EqualTo("past_due"));
    }

    [Test]
    public async Task A_completed_checkout_is_told_and_a_delayed_payment_again()
    {
        var price = new Dictionary<string, object> { ["currency"] = "usd", ["unit_amount"] = 1500 };
        var session = await PostAsync<Session>(
            "/v1/checkout/sessions", ("mode", "payment"), ("customer", Ann),
            ("line_items", new[] { new Dictionary<string, object> { ["price_data"] = price } }));
        await PostAsync($"/simulator/checkout/{session.Id}/complete", "{\"delayed\":true}");
        await PostAsync($"/simulator/checkout/{session.Id}/settle", "");
        var completed = (await TypedAsync<Session>(EventTypes.CheckoutSessionCompleted)).Single();
        var succeeded = (await TypedAsync<Session>(EventTypes.CheckoutSessionAsyncPaymentSucceeded)).Single();
        Assert.That((completed.PaymentStatus, succeeded.PaymentStatus), Is.EqualTo(("unpaid", "paid")));
        Assert.That((completed.PaymentIntentId, completed.AmountTotal), Is.EqualTo((succeeded.PaymentIntentId, 1500)));
    }

    [Test]
    public async Task Ends_of_subscriptions_customers_and_meters_are_told()
    {
        SubscribeToTokens();
        await CallAsync<Customer>(HttpMethod.Delete, "/v1/customers/" + Ann);
        await Client.V1.Billing.Meters.DeactivateAsync(TokensMeter.Id);
        Assert.That((await TypedAsync<Subscription>(EventTypes.CustomerSubscriptionDeleted)).Single().Status, Is.EqualTo("canceled"));
        Assert.That((await TypedAsync<Customer>(EventTypes.CustomerDeleted)).Single().Id, Is.EqualTo(Ann));
        Assert.That((await TypedAsync<Stripe.Billing.Meter>(EventTypes.BillingMeterDeactivated)).Single().Status, Is.EqualTo("inactive"));
    }

    [TestCase("customer.subscription.paused", "{\"id\":\"sub_1\",\"object\":\"subscription\"}", true)]
    [TestCase("not.yet.invented", "{\"id\":\"x_1\",\"object\":\"not\"}", false)]
    public async Task An_event_of_any_type_can_be_told(string type, string about, bool known)
    {
        await PostAsync("/simulator/tell", $"{{\"type\":\"{type}\",\"object\":{about}}}");
        await Simulator.WhenDelivered;
        var told = Events().Single();
        Assert.That((told.Type, told.Data.Object is Subscription), Is.EqualTo((type, known)));
    }

    [Test]
    public async Task Only_the_types_asked_for_are_told()
    {
        await using var picky = await WebhookInbox.StartAsync();
        var wanted = $"{{\"url\":\"{picky.Url}\",\"secret\":\"s\",\"events\":[\"invoice.paid\",\"customer.*\"]}}";
        Assert.That(await PostAsync("/simulator/webhooks", wanted), Is.EqualTo(HttpStatusCode.NoContent));
        SubscribeToTokens();
        await Simulator.WhenDelivered;
        var types = picky.Received.Select(r => EventUtility.ParseEvent(r.Body).Type);
        Assert.That(types, Is.EqualTo(new[] { "customer.subscription.created", "invoice.paid" }));
    }

    [Test]
    public async Task Sent_twice_it_is_the_same_event()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeliverTwice) { EventType = "invoice.paid" });
        SubscribeToTokens();
        await Simulator.WhenDelivered;
        var paid = Events().Where(e => e.Type == "invoice.paid").ToList();
        Assert.That((paid.Count, paid.Select(e => e.Id).Distinct().Count()), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task Kept_back_it_comes_after_the_next()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeliverLate) { EventType = "invoice.finalized" });
        SubscribeToTokens();
        await Simulator.WhenDelivered;
        Assert.That(Events().Select(e => e.Type).Skip(1), Is.EqualTo(new[]
        {
            "invoice.created", "invoice.payment_succeeded", "invoice.finalized", "invoice.paid",
        }));
    }

    [Test]
    public async Task The_last_one_kept_back_comes_when_released()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeliverLate));
        Account.AddCustomer("cus_bob");
        await Simulator.WhenDelivered;
        Assert.That(inbox.Received, Is.Empty);
        await PostAsync("/simulator/release", "");
        await Simulator.WhenDelivered;
        Assert.That(Events().Single().Type, Is.EqualTo("customer.created"));
    }

    [TestCase(FaultKind.DeliverOld)]
    [TestCase(FaultKind.DeliverForged)]
    [TestCase(FaultKind.DeliverOtherVersion)]
    public async Task What_its_receiver_must_not_take_is_sent_on_demand(FaultKind kind)
    {
        Simulator.Faults.Add(new Fault(kind));
        Account.AddCustomer("cus_bob");
        Account.AddCustomer("cus_eve");
        await Simulator.WhenDelivered;
        Assert.Throws<StripeException>(() => Read(inbox.Received[0]));
        Assert.That(((Customer)Read(inbox.Received[1]).Data.Object).Id, Is.EqualTo("cus_eve"));
        Assert.That(Simulator.Deliveries[0].Fault, Is.EqualTo(kind));
    }

    [Test]
    public async Task A_lost_one_is_found_in_the_list_of_events()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeliverNever));
        Account.AddCustomer("cus_bob");
        await Simulator.WhenDelivered;
        Simulator.Advance(TimeSpan.FromDays(1));
        await Simulator.WhenDelivered;
        Assert.That(inbox.Received, Is.Empty);
        var listed = await GetAsync<StripeList<Event>>("/v1/events?type=customer.created&limit=1");
        Assert.That(((Customer)listed.Single().Data.Object).Id, Is.EqualTo("cus_bob"));
        Assert.That((await GetAsync<Event>("/v1/events/" + listed.Data[0].Id)).Type, Is.EqualTo("customer.created"));
        await RefusalAsync(GetAsync<Event>("/v1/events/evt_nope"), HttpStatusCode.NotFound);
    }

    [Test]
    public async Task Not_taken_it_is_sent_again_three_times_and_signed_anew()
    {
        foreach (var status in new[] { 500, 404, 302, 503 }) inbox.Answers.Enqueue(status);
        Account.AddCustomer("cus_bob");
        foreach (var wait in new[] { 0, 1, 10, 60, 600 })
        {
            Time.Advance(TimeSpan.FromMinutes(wait));
            Simulator.CatchUp();
            await Simulator.WhenDelivered;
        }

        Assert.That(Simulator.Deliveries.Select(d => (d.Attempt, d.Status)), Is.EqualTo(new[] { (1, 500), (2, 404), (3, 302), (4, 503) }));
        Assert.That(inbox.Received.Select(r => r.Signature), Is.Unique);
        Assert.That(inbox.Received.Select(r => r.Body).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Where_nobody_listens_it_says_so()
    {
        await inbox.DisposeAsync();
        Account.AddCustomer("cus_bob");
        await Simulator.WhenDelivered;
        var delivery = Simulator.Deliveries.Single();
        Assert.That(delivery.Status, Is.Null);
        Assert.That(delivery.Error, Is.Not.Empty);
    }

    [Test]
    public async Task Signatures_go_by_the_real_time_even_in_the_simulated_future()
    {
        Simulator.Advance(TimeSpan.FromDays(40));
        Account.AddCustomer("cus_bob");
        await Simulator.WhenDelivered;
        Assert.That(Read(inbox.Received.Single()).Created, Is.EqualTo(Simulator.Now.UtcDateTime));
    }

    /// <summary>All that came, however long ago by now.</summary>
    private List<Event> Events() => [.. inbox.Received.Select(r => Read(r, tolerance: int.MaxValue))];

    private Event Read(ReceivedWebhook webhook, long tolerance = 300) =>
        EventUtility.ConstructEvent(webhook.Body, webhook.Signature, Secret, tolerance, Time.GetUtcNow().ToUnixTimeSeconds());

    private async Task<List<T>> TypedAsync<T>(string type)
    {
        await Simulator.WhenDelivered;
        return [.. Events().Where(e => e.Type == type).Select(e => (T)e.Data.Object)];
    }
}
