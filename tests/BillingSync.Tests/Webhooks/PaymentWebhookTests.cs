using System.Text.Json.Nodes;
using Metering.V1;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>From payments to credit, suspension and its end.</summary>
public sealed class PaymentWebhookTests : WebhookTest
{
    private const string Plan = "pro for cus_ann";

    [Test]
    public async Task A_checkout_grants_what_was_paid_once_for_ever()
    {
        var completed = Told.Checkout("completed", Now);
        await Deliver(completed, completed, Told.Checkout("async_payment_succeeded", Now.AddSeconds(1)));
        Assert.That(await Ledger(), Is.EqualTo("15000000000 USD by pi_1"));
    }

    [Test]
    public async Task Also_where_two_customers_name_one_payment()
    {
        await Deliver(Told.Checkout("completed", Now), Told.Checkout("completed", Now, customer: null));
        Assert.That(await Ledger(), Is.EqualTo("15000000000 USD by pi_1"));
    }

    [TestCase("usd", 1_500, "15000000000 USD by pi_1")]
    [TestCase("jpy", 1_500, "1500000000000 JPY by pi_1")]
    [TestCase("kwd", 1_500, "1500000000 KWD by pi_1")]
    public async Task Currencies_differ_in_their_smallest_unit(string currency, long amount, string expected)
    {
        await Deliver(Told.Checkout("completed", Now, amount, currency));
        Assert.That(await Ledger(), Is.EqualTo(expected));
    }

    [Test]
    public async Task The_metadata_says_what_it_is_worth()
    {
        var metadata = new JsonObject { ["metering_user"] = Told.User, ["metering_unit"] = "EUR", ["metering_amount"] = "12345" };
        await Deliver(Told.Checkout("completed", Now, metadata: metadata));
        Assert.That(await Ledger(), Is.EqualTo("12345 EUR by pi_1"));
    }

    [Test]
    public async Task Or_the_setting_of_the_currency()
    {
        var site = await StartSite(("Billing:Credits:usd:Unit", "EUR"), ("Billing:Credits:usd:PerSmallestUnit", "7"));
        await site.Deliver(Told.Checkout("completed", Now));
        Assert.That(await Ledger(), Is.EqualTo("10500 EUR by pi_1"));
    }

    [Test]
    public async Task A_payment_that_takes_days_grants_when_it_comes()
    {
        await Deliver(Told.Checkout("completed", Now, status: "unpaid"));
        Assert.That(await Ledger(), Is.Empty);
        await Deliver(Told.Checkout("async_payment_succeeded", Now.AddSeconds(1)));
        Assert.That(await Ledger(), Is.EqualTo("15000000000 USD by pi_1"));
    }

    [Test]
    public async Task A_payment_for_something_else_grants_nothing()
    {
        await Deliver(
            Told.Subscription("created", Now), Told.Checkout("completed", Now, metadata: []), Told.Checkout("async_payment_failed", Now));
        Assert.That(await Ledger(), Is.EqualTo(Plan));
    }

    [Test]
    public async Task A_payment_waits_for_its_user()
    {
        await Deliver(Told.Checkout("completed", Now, metadata: new JsonObject { ["metering_unit"] = "USD" }));
        await Deliver(Told.CustomerUpdated(Now));
        Assert.That(await Ledger(), Is.EqualTo("15000000000 USD by pi_1"));
    }

    [Test]
    public async Task The_third_failed_payment_suspends_and_the_paid_invoice_resumes()
    {
        await Deliver(Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 1), Told.Invoice("payment_failed", Now, 2));
        Assert.That(await Ledger(), Is.EqualTo(Plan));
        await Deliver(Told.Invoice("payment_failed", Now, 3));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended"));
        await Deliver(Told.Invoice("paid", Now), Told.Invoice("payment_succeeded", Now));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended, resumed"));
    }

    [TestCase("payment_failed", true, ", suspended")]
    [TestCase("voided", true, ", suspended, resumed")]
    public async Task The_last_one_suspends_and_a_void_invoice_resumes(string then, bool isLast, string expected)
    {
        await Deliver(
            Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 1, isLast), Told.Invoice(then, Now, 1, isLast));
        Assert.That(await Ledger(), Is.EqualTo(Plan + expected));
    }

    [Test]
    public async Task By_the_setting_nobody_is_suspended()
    {
        var site = await StartSite(("Billing:SuspendOnPaymentFailed", "0"));
        await site.Deliver(Told.Subscription("created", Now));
        await site.Deliver(Told.Invoice("payment_failed", Now, 9, isLast: true));
        Assert.That(await Ledger(), Is.EqualTo(Plan));
    }

    [Test]
    public async Task A_failure_that_comes_after_the_payment_is_past()
    {
        await Deliver(Told.Subscription("created", Now), Told.Invoice("paid", Now), Told.Invoice("payment_failed", Now, 3));
        Assert.That(await Ledger(), Is.EqualTo(Plan));
    }

    [Test]
    public async Task What_is_owed_for_something_else_suspends_nobody()
    {
        await Deliver(Told.Subscription("created", Now), Told.Subscription("created", Now, "unpaid", price: "price_else", id: "sub_2"));
        await Deliver(
            Told.Invoice("payment_failed", Now, 3, subscription: "sub_2"), Told.Invoice("payment_failed", Now, 3, id: "in_2", subscription: "sub_3"));
        Assert.That(await Ledger(), Is.EqualTo(Plan));
    }

    [Test]
    public async Task A_failure_that_comes_before_its_subscription_counts_once_that_is_known()
    {
        await Deliver(Told.Invoice("payment_failed", Now, 3), Told.Subscription("updated", Now, "past_due"));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended"));
    }

    [Test]
    public async Task Two_invoices_have_to_be_paid()
    {
        await Deliver(
            Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 3), Told.Invoice("payment_failed", Now, 3, id: "in_2"),
            Told.Invoice("paid", Now));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended"));
        await Deliver(Told.Invoice("paid", Now, id: "in_2"));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended, resumed"));
    }

    [Test]
    public async Task Somebody_elses_suspension_is_not_lifted()
    {
        await Site.Accounts.SuspendAsync(new SuspendRequest { User = Told.User, CommandId = Site.NewId(), Reason = "abuse" });
        await Deliver(Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 3), Told.Invoice("paid", Now));
        Assert.That(await Ledger(), Is.EqualTo("suspended, pro for cus_ann"));
    }

    [Test]
    public async Task Nor_one_that_followed_ours()
    {
        await Deliver(Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 3));
        await Site.Accounts.ResumeAsync(new ResumeRequest { User = Told.User, CommandId = Site.NewId() });
        await Site.Accounts.SuspendAsync(new SuspendRequest { User = Told.User, CommandId = Site.NewId(), Reason = "abuse" });
        await Deliver(Told.Invoice("paid", Now));
        Assert.That(await Ledger(), Is.EqualTo(Plan + ", suspended, resumed, suspended"));
    }
}
