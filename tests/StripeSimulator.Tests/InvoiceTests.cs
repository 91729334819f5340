using System.Net;
using System.Text.Json.Nodes;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.StripeSimulatorTests;

public class InvoiceTests : BillingTest
{
    [Test]
    public async Task A_draft_takes_what_arrives_in_its_grace_and_then_never_changes()
    {
        SubscribeToTokens();
        await UsedAsync("5", "in time");
        AdvanceTo(Turn + Grace - TimeSpan.FromTicks(1));
        await UsedAsync("7", "in the grace", Turn.AddSeconds(-1));
        Assert.That((TheInvoice().Status, TheInvoice().Total), Is.EqualTo(("draft", 12)));
        AdvanceTo(Turn + Grace);
        await UsedAsync("100", "late", Turn.AddSeconds(-1));
        Assert.That((TheInvoice().Status, TheInvoice().Total), Is.EqualTo(("paid", 12)));
        Assert.That(Identifiers(TheInvoice()), Is.EqualTo(new[] { "in time", "in the grace" }));
        Assert.That(Account.Events.Single(e => e.Identifier == "late").Invoice, Is.Null);
    }

    [Test]
    public async Task A_cancelled_event_stays_on_its_final_invoice()
    {
        SubscribeToTokens();
        AdvanceTo(Turn.AddMinutes(-1));
        await UsedAsync("5", "a");
        AdvanceTo(Turn + Grace);
        await Client.V1.Billing.MeterEventAdjustments.CreateAsync(new MeterEventAdjustmentCreateOptions
        {
            EventName = Tokens, Type = "cancel", Cancel = new MeterEventAdjustmentCancelOptions { Identifier = "a" },
        });
        Assert.That(TheInvoice().Total, Is.EqualTo(5));
        AssertTotal("0");
    }

    [Test]
    public async Task Usage_after_the_boundary_is_on_the_next_invoice()
    {
        SubscribeToTokens();
        AdvanceTo(Turn.AddMinutes(30));
        await UsedAsync("5", "before", Turn.AddSeconds(-1));
        await UsedAsync("9", "after", Turn);
        AdvanceTo(Turn.AddMonths(1) + Grace);
        var invoices = Account.AllInvoices.Where(i => i.Reason == "subscription_cycle").ToList();
        Assert.That(invoices.Select(i => i.Total), Is.EqualTo(new[] { 5, 9 }));
        Assert.That(invoices.Select(i => i.Id), Is.EqualTo(Account.Events.Select(e => e.Invoice)));
    }

    [Test]
    public async Task A_total_below_zero_is_billed_as_none()
    {
        SubscribeToTokens();
        await UsedAsync("5", "a");
        await UsedAsync("-8", "b");
        AdvanceTo(Turn + Grace);
        var line = TheInvoice().Lines.Single();
        Assert.That((line.Used.ToString(), line.Quantity.ToString(), line.Amount), Is.EqualTo(("-3", "0", 0)));
        Assert.That(TheInvoice().Status, Is.EqualTo("paid"));
    }

    [TestCase("0.5", "3", 2)]
    [TestCase("0.0003", "1000", 0)]
    [TestCase("0.0003", "1666.7", 1)]
    [TestCase("12", "2.5", 30)]
    public async Task An_amount_is_rounded_once_per_line(string unitAmount, string used, long amount)
    {
        SubscribeToTokens(unitAmount);
        await UsedAsync(used, "a");
        Assert.That(Account.AllInvoices[^1].Lines, Is.Empty);
        AdvanceTo(Turn + Grace);
        Assert.That(TheInvoice().Total, Is.EqualTo(amount));
    }

    [TestCase("100", 0)]
    [TestCase("150", 100)]
    [TestCase("1100", 2000 + 50)]
    public async Task Tiers_hold_a_free_part(string used, long amount)
    {
        var price = await PostAsync<Price>("/v1/prices", [
            ("currency", "usd"), ("product", "prod_1"), ("billing_scheme", "tiered"), ("tiers_mode", "graduated"), .. Metered(),
            ("tiers", new[]
            {
                new Dictionary<string, object> { ["up_to"] = 100, ["unit_amount"] = 0 },
                new Dictionary<string, object> { ["up_to"] = 1100, ["unit_amount"] = 2 },
                new Dictionary<string, object> { ["up_to"] = "inf", ["unit_amount_decimal"] = "0.5" },
            })]);
        await SubscribeAsync(price.Id);
        await UsedAsync(used, "a");
        if (used == "1100") await UsedAsync("100", "b");
        AdvanceTo(Turn + Grace);
        Assert.That(TheInvoice().Total, Is.EqualTo(amount));
    }

    [Test]
    public async Task A_meter_with_a_window_is_billed_by_what_arrived_last()
    {
        var meter = Account.AddMeter("storage", eventTimeWindow: "hour");
        Account.Subscribe(Ann, Account.AddPrice("1", meter));
        foreach (var value in new[] { "5", "3" })
        {
            var usage = Usage(value);
            usage.EventName = "storage";
            await ReportAsync(usage);
        }

        AdvanceTo(Turn + Grace);
        Assert.That(TheInvoice().Total, Is.EqualTo(3));
    }

    [Test]
    public async Task A_quantity_is_billed_in_advance_and_usage_afterwards()
    {
        Account.Subscribe(Ann, Account.AddPrice("2000"), Account.AddPrice("1", TokensMeter));
        await UsedAsync("5", "a");
        AdvanceTo(Turn + Grace);
        Assert.That(Account.AllInvoices.Select(i => (i.Reason, i.Total, i.Status)), Is.EqualTo(new[]
        {
            ("subscription_create", 2000L, "paid"), ("subscription_cycle", 2005L, "paid"),
        }));
    }

    [Test]
    public async Task An_invoice_is_read_as_the_api_shows_it()
    {
        var subscription = SubscribeToTokens("0.5");
        await UsedAsync("10", "a");
        AdvanceTo(Turn + Grace);
        var read = await GetAsync<Invoice>("/v1/invoices/" + TheInvoice().Id);
        Assert.Multiple(() =>
        {
            Assert.That((read.Status, read.Total, read.AmountPaid, read.AmountDue), Is.EqualTo(("paid", 5, 5, 5)));
            Assert.That((read.CustomerId, read.BillingReason), Is.EqualTo((Ann, "subscription_cycle")));
            Assert.That((read.PeriodStart, read.PeriodEnd), Is.EqualTo((Turn.AddMonths(-1).UtcDateTime, Turn.UtcDateTime)));
            Assert.That(read.Parent.SubscriptionDetails.SubscriptionId, Is.EqualTo(subscription.Id));
            var line = read.Lines.Single();
            Assert.That((line.Quantity, line.QuantityDecimal, line.Amount), Is.EqualTo((10, 10m, 5)));
            Assert.That(line.Pricing.PriceDetails.PriceId, Is.EqualTo(subscription.Items[0].Price.Id));
            Assert.That(line.Period.End, Is.EqualTo(Turn.UtcDateTime));
        });
        var listed = await GetAsync<StripeList<Invoice>>($"/v1/invoices?customer={Ann}&status=paid");
        Assert.That(listed.Select(i => i.Id), Is.EqualTo(new[] { read.Id, Account.AllInvoices[0].Id }));
    }

    [Test]
    public async Task The_state_says_which_usage_a_line_sums()
    {
        SubscribeToTokens();
        await UsedAsync("10", "a");
        await UsedAsync("-4", "b");
        AdvanceTo(Turn + Grace);
        var invoice = JsonNode.Parse(await GetAsync("/state"))!["accounts"]![0]!["invoices"]!.AsArray()[^1]!;
        var line = invoice["lines"]!["data"]![0]!;
        Assert.That((string?)line["used"], Is.EqualTo("6"));
        Assert.That(line["identifiers"]!.AsArray().Select(i => (string?)i), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(await GetAsync("/"), Does.Contain((string?)invoice["id"]).And.Contain("6 usd"));
    }

    [Test]
    public async Task A_declined_payment_makes_the_subscription_past_due_until_it_is_paid()
    {
        var subscription = SubscribeToTokens();
        await UsedAsync("5", "a");
        Simulator.Faults.Add(new Fault(FaultKind.DeclinePayment) { Customer = Ann, Times = 2 });
        AdvanceTo(Turn + Grace);
        Assert.That((TheInvoice().Status, TheInvoice().Attempts, subscription.Status), Is.EqualTo(("open", 1, "past_due")));
        var declined = await RefusalAsync(PostAsync<Invoice>($"/v1/invoices/{TheInvoice().Id}/pay"), HttpStatusCode.PaymentRequired);
        Assert.That(declined.StripeError.Code, Is.EqualTo("card_declined"));
        var paid = await PostAsync<Invoice>($"/v1/invoices/{TheInvoice().Id}/pay");
        Assert.That((paid.Status, paid.AttemptCount, subscription.Status), Is.EqualTo(("paid", 3, "active")));
    }

    [Test]
    public async Task A_payment_is_tried_four_times_three_days_apart()
    {
        SubscribeToTokens();
        await UsedAsync("5", "a");
        Simulator.Faults.Add(new Fault(FaultKind.DeclinePayment) { Times = -1 });
        AdvanceTo(Turn + Grace + TimeSpan.FromDays(3));
        Assert.That(TheInvoice().Attempts, Is.EqualTo(2));
        AdvanceTo(Turn + Grace + TimeSpan.FromDays(20));
        Assert.That((TheInvoice().Attempts, TheInvoice().Status), Is.EqualTo((4, "open")));
    }

    [Test]
    public async Task A_draft_can_be_made_final_before_its_time_and_only_once()
    {
        SubscribeToTokens();
        AdvanceTo(Turn);
        var final = await PostAsync<Invoice>($"/v1/invoices/{TheInvoice().Id}/finalize");
        Assert.That(final.Status, Is.EqualTo("paid"));
        await RefusalAsync(PostAsync<Invoice>($"/v1/invoices/{TheInvoice().Id}/finalize"));
        await RefusalAsync(PostAsync<Invoice>($"/v1/invoices/{TheInvoice().Id}/pay"));
        await RefusalAsync(PostAsync<Invoice>("/v1/invoices/in_nope/pay"), HttpStatusCode.NotFound);
    }

    private (string, object)[] Metered() =>
    [
        ("recurring", new Dictionary<string, object> { ["interval"] = "month", ["usage_type"] = "metered", ["meter"] = TokensMeter.Id }),
    ];

    private Task<Subscription> SubscribeAsync(string price) => PostAsync<Subscription>(
        "/v1/subscriptions", ("customer", Ann), ("items", new[] { new Dictionary<string, object> { ["price"] = price } }));
}
