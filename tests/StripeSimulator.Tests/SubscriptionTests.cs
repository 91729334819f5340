using System.Net;
using Metering.StripeSimulator;
using Stripe;

namespace Metering.StripeSimulatorTests;

public class SubscriptionTests : BillingTest
{
    [Test]
    public async Task It_is_made_as_asked_and_has_its_period_on_its_items()
    {
        var price = Account.AddPrice("1", TokensMeter);
        var made = await SubscribeAsync(price, ("metadata", new Dictionary<string, string> { ["plan"] = "pro" }));
        var item = made.Items.Single();
        Assert.Multiple(() =>
        {
            Assert.That((made.Status, made.CustomerId, made.Metadata["plan"]), Is.EqualTo(("active", Ann, "pro")));
            Assert.That((item.CurrentPeriodStart, item.CurrentPeriodEnd), Is.EqualTo((Turn.AddMonths(-1).UtcDateTime, Turn.UtcDateTime)));
            Assert.That((item.Price.Id, item.Price.Recurring.Meter, item.Quantity), Is.EqualTo((price.Id, TokensMeter.Id, 0)));
            Assert.That(made.LatestInvoiceId, Is.EqualTo(Account.AllInvoices.Single().Id));
        });
    }

    [Test]
    public async Task An_anchor_at_the_end_of_a_month_is_clamped()
    {
        var anchor = new DateTimeOffset(2026, 12, 31, 0, 0, 0, TimeSpan.Zero);
        await SubscribeAsync(Account.AddPrice("1", TokensMeter), ("billing_cycle_anchor", anchor.ToUnixTimeSeconds()));
        var ends = new List<DateTimeOffset>();
        for (var i = 0; i < 4; i++)
        {
            ends.Add(Account.AllSubscriptions[0].PeriodEnd);
            AdvanceTo(ends[^1]);
        }

        Assert.That(ends.Select(e => e.ToString("MM-dd")), Is.EqualTo(new[] { "12-31", "01-31", "02-28", "03-31" }));
    }

    [Test]
    public async Task A_price_is_found_by_its_key()
    {
        foreach (var key in new[] { "pro", "team" })
        {
            await PostAsync<Price>(
                "/v1/prices", ("currency", "usd"), ("product", "prod_1"), ("unit_amount", 100), ("lookup_key", key),
                ("recurring", new Dictionary<string, object> { ["interval"] = "month" }));
        }

        var found = (await GetAsync<StripeList<Price>>("/v1/prices?lookup_keys[0]=pro")).Single();
        Assert.That((found.LookupKey, found.UnitAmount, found.Recurring.UsageType), Is.EqualTo(("pro", 100, "licensed")));
        Assert.That((await GetAsync<Price>("/v1/prices/" + found.Id)).Id, Is.EqualTo(found.Id));
    }

    [TestCase("day", 1)]
    [TestCase("week", 7)]
    [TestCase("year", 365)]
    public void Its_interval_is_its_price_s(string interval, int days)
    {
        var made = Account.Subscribe(Ann, Account.AddPrice("1", TokensMeter, interval));
        Assert.That((made.PeriodEnd - made.PeriodStart).TotalDays, Is.EqualTo(days));
    }

    [TestCase("flexible", 12)]
    [TestCase("classic", 7)]
    public async Task A_replaced_price_is_still_billed_unless_billing_is_classic(string mode, long total)
    {
        var made = await SubscribeAsync(
            Account.AddPrice("1", TokensMeter), ("billing_mode", new Dictionary<string, string> { ["type"] = mode }));
        await UsedAsync("5", "under the old price");
        Time.Advance(TimeSpan.FromHours(1));
        await PostAsync<Subscription>("/v1/subscriptions/" + made.Id, Items(Account.AddPrice("1", TokensMeter)));
        await UsedAsync("7", "under the new price");
        AdvanceTo(Turn + Grace);
        Assert.That(TheInvoice().Total, Is.EqualTo(total));
    }

    [Test]
    public async Task At_the_period_s_end_it_ends_with_a_last_invoice()
    {
        var made = SubscribeToTokens();
        await UsedAsync("5", "a");
        var updated = await PostAsync<Subscription>("/v1/subscriptions/" + made.Id, ("cancel_at_period_end", true));
        Assert.That((updated.Status, updated.CancelAtPeriodEnd, updated.CancelAt), Is.EqualTo(("active", true, Turn.UtcDateTime)));
        AdvanceTo(Turn.AddMonths(2));
        Assert.That((made.Status, made.EndedAt, TheInvoice().Total), Is.EqualTo(("canceled", Turn, 5)));
    }

    [TestCase(false, 0)]
    [TestCase(true, 1)]
    public async Task Ended_at_once_its_usage_is_billed_only_if_asked(bool invoiceNow, int invoices)
    {
        var made = SubscribeToTokens();
        await UsedAsync("5", "a");
        Time.Advance(TimeSpan.FromHours(1));
        var ended = await CallAsync<Subscription>(HttpMethod.Delete, "/v1/subscriptions/" + made.Id, ("invoice_now", invoiceNow));
        Assert.That(ended.Status, Is.EqualTo("canceled"));
        Assert.That(Account.AllInvoices.Count(i => i.Reason == "subscription_cycle"), Is.EqualTo(invoices));
        await RefusalAsync(CallAsync<Subscription>(HttpMethod.Delete, "/v1/subscriptions/" + made.Id), HttpStatusCode.NotFound);
    }

    [Test]
    public async Task Usage_from_before_it_is_on_no_invoice()
    {
        await UsedAsync("5", "before");
        Time.Advance(TimeSpan.FromSeconds(1));
        SubscribeToTokens();
        AdvanceTo(Turn.AddSeconds(1) + Grace);
        Assert.That(TheInvoice().Total, Is.Zero);
    }

    [Test]
    public async Task The_first_payment_declined_leaves_it_incomplete()
    {
        Simulator.Faults.Add(new Fault(FaultKind.DeclinePayment));
        var made = Account.Subscribe(Ann, Account.AddPrice("2000"));
        Assert.That(made.Status, Is.EqualTo("incomplete"));
        await PostAsync<Invoice>($"/v1/invoices/{made.LatestInvoice}/pay");
        Assert.That(made.Status, Is.EqualTo("active"));
    }

    [Test]
    public async Task With_its_customer_it_ends_and_usage_for_it_is_dropped()
    {
        var made = SubscribeToTokens();
        var deleted = await CallAsync<Customer>(HttpMethod.Delete, "/v1/customers/" + Ann);
        Assert.That(deleted.Deleted, Is.True);
        Assert.That((await GetAsync<Customer>("/v1/customers/" + Ann)).Deleted, Is.True);
        Assert.That(made.Status, Is.EqualTo("canceled"));
        await UsedAsync("5", "a");
        Assert.That(Account.AsyncErrors.Single().Code, Is.EqualTo("meter_event_customer_not_found"));
    }

    [Test]
    public async Task What_it_cannot_be_is_refused()
    {
        var price = Account.AddPrice("1", TokensMeter);
        await RefusalAsync(PostAsync<Subscription>("/v1/subscriptions", ("customer", "cus_nope"), Items(price)));
        await RefusalAsync(PostAsync<Subscription>("/v1/subscriptions", ("customer", Ann)));
        await RefusalAsync(SubscribeAsync(price, ("billing_cycle_anchor", 1)));
        await RefusalAsync(SubscribeAsync(price, ("coupon", "half")));
        await RefusalAsync(GetAsync<Subscription>("/v1/subscriptions/sub_nope"), HttpStatusCode.NotFound);
        Assert.That(Account.AllSubscriptions, Is.Empty);
    }

    [TestCase("usage_type", "metered", "recurring[meter]")]
    [TestCase("interval", "fortnight", "recurring[interval]")]
    [TestCase("meter", "", "unit_amount")]
    public async Task A_price_that_cannot_be_is_refused(string name, string value, string param)
    {
        var recurring = new Dictionary<string, object> { ["interval"] = "month" };
        if (value.Length > 0) recurring[name] = value;
        List<(string, object)> price = [("currency", "usd"), ("product", "prod_1"), ("recurring", recurring)];
        if (param != "unit_amount") price.Add(("unit_amount", 1));
        var refusal = await RefusalAsync(PostAsync<Price>("/v1/prices", [.. price]));
        Assert.That(refusal.StripeError.Param, Is.EqualTo(param));
    }

    private static (string Name, object Value) Items(SimulatorPrice price) =>
        ("items", new[] { new Dictionary<string, object> { ["price"] = price.Id } });

    private Task<Subscription> SubscribeAsync(SimulatorPrice price, params (string, object)[] more) =>
        PostAsync<Subscription>("/v1/subscriptions", [("customer", Ann), Items(price), .. more]);
}
