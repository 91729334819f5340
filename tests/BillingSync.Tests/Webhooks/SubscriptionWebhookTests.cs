using System.Net;
using Metering.V1;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>From subscriptions to plans.</summary>
public sealed class SubscriptionWebhookTests : WebhookTest
{
    private const string Assigned = "pro for cus_ann";

    [Test]
    public async Task A_subscription_assigns_the_plan_of_its_price_once()
    {
        var created = Told.Subscription("created", Now);
        await Deliver(created, created, Told.Subscription("updated", Now.AddSeconds(1)));
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [TestCase("price_pro", null, "prod_any", "pro for cus_ann")]
    [TestCase("price_any", "team_monthly", "prod_any", "team for cus_ann")]
    [TestCase("price_any", null, "prod_max", "max for cus_ann")]
    [TestCase("price_any", null, "prod_any", "")]
    public async Task A_plan_is_found_by_price_lookup_key_or_product(string price, string? lookupKey, string product, string expected)
    {
        await Deliver(Told.Subscription("created", Now, price: price, lookupKey: lookupKey, product: product));
        Assert.That(await Ledger(), Is.EqualTo(expected));
    }

    [TestCase("updated")]
    [TestCase("resumed")]
    [TestCase("trial_will_end")]
    [TestCase("pending_update_applied")]
    [TestCase("pending_update_expired")]
    public async Task Whatever_is_told_of_a_subscription_it_says_how_it_stands(string what)
    {
        await Deliver(Told.Subscription(what, Now));
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [TestCase("active", Assigned)]
    [TestCase("trialing", Assigned)]
    [TestCase("past_due", Assigned)]
    [TestCase("unpaid", Assigned + ", suspended")]
    [TestCase("paused", Assigned + ", suspended")]
    [TestCase("incomplete", "")]
    [TestCase("incomplete_expired", "")]
    [TestCase("canceled", "")]
    [TestCase("not_yet_invented", "")]
    public async Task A_status_means(string status, string expected)
    {
        await Deliver(Told.Subscription("updated", Now, status));
        Assert.That(await Ledger(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Another_price_is_another_plan_and_the_end_its_end()
    {
        await Deliver(
            Told.Subscription("created", Now),
            Told.Subscription("updated", Now.AddSeconds(1), lookupKey: "team_monthly", price: "price_team"),
            Told.Subscription("deleted", Now.AddSeconds(2), "canceled"));
        Assert.That(await Ledger(), Is.EqualTo("pro for cus_ann, team for cus_ann, ended"));
    }

    [Test]
    public async Task A_price_that_no_setting_names_takes_nothing_away()
    {
        await Deliver(Told.Subscription("created", Now), Told.Subscription("updated", Now.AddSeconds(1), price: "price_new"));
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [Test]
    public async Task Paused_and_resumed_it_is_suspended_meanwhile()
    {
        await Deliver(
            Told.Subscription("created", Now), Told.Subscription("paused", Now.AddSeconds(1), "paused"),
            Told.Subscription("resumed", Now.AddSeconds(2)));
        Assert.That(await Ledger(), Is.EqualTo(Assigned + ", suspended, resumed"));
    }

    [Test]
    public async Task Of_two_subscriptions_the_younger_counts_and_the_other_remains()
    {
        await Deliver(
            Told.Subscription("created", Now),
            Told.Subscription("created", Now.AddSeconds(1), price: "x", product: "prod_max", id: "sub_2"),
            Told.Subscription("deleted", Now.AddSeconds(2), "canceled", price: "x", product: "prod_max", id: "sub_2"));
        Assert.That(await Ledger(), Is.EqualTo("pro for cus_ann, max for cus_ann, pro for cus_ann"));
    }

    [Test]
    public async Task An_older_event_changes_nothing()
    {
        await Deliver(
            Told.Subscription("updated", Now, product: "prod_max", price: "x"), Told.Subscription("updated", Now.AddSeconds(-5)),
            Told.Subscription("created", Now.AddSeconds(-9)));
        Assert.That(await Ledger(), Is.EqualTo("max for cus_ann"));
    }

    [Test]
    public async Task An_end_that_overtook_the_beginning_is_the_end()
    {
        await Deliver(
            Told.Subscription("deleted", Now.AddSeconds(9), "canceled"), Told.Subscription("created", Now), Told.Subscription("updated", Now.AddSeconds(9)));
        Assert.That(await Ledger(), Is.Empty);
    }

    [TestCase("active", "pro for cus_ann")]
    [TestCase("unpaid", "pro for cus_ann, suspended, resumed")]
    public async Task Of_two_in_the_same_second_Stripe_says_which_holds(string first, string expected)
    {
        var at = Now;
        Account.AddCustomer(Told.Customer);
        var real = Account.Subscribe(Told.Customer, Account.AddPrice("100"));
        await Deliver(Told.Subscription("updated", at, first, id: real.Id), Told.Subscription("updated", at, "past_due", id: real.Id));
        Assert.That(await Ledger(), Is.EqualTo(expected), "Stripe has it active, by a price of no setting");
        Assert.That(Simulator.Requests.Count(request => request.Path == "/v1/subscriptions/" + real.Id), Is.EqualTo(1));
    }

    [Test]
    public async Task In_doubt_while_Stripe_is_away_it_is_to_be_delivered_again()
    {
        var at = Now;
        await Deliver(Told.Subscription("updated", at));
        Simulator.Faults.Add(new StripeSimulator.Fault(StripeSimulator.FaultKind.LoseRequest) { Path = "/v1/subscriptions/*" });
        var second = Told.Subscription("updated", at, "past_due");
        Assert.That(await Site.Deliver(second), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await Deliver(second);
    }

    [Test]
    public async Task Without_a_user_it_waits_until_the_customer_says_who_that_is()
    {
        await Deliver(Told.Subscription("created", Now, user: null));
        Assert.That(await Ledger(), Is.Empty);
        await Deliver(Told.CustomerUpdated(Now));
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    [Test]
    public async Task Or_until_a_ledger_names_the_customer()
    {
        await Site.Accounts.AssignPlanAsync(new AssignPlanRequest
        {
            User = Told.User, CommandId = Site.NewId(), PlanId = "max", StripeCustomer = Told.Customer,
        });
        await Deliver(Told.Subscription("created", Now, user: null));
        Assert.That(await Ledger(), Is.EqualTo("max for cus_ann, pro for cus_ann"));
    }

    [Test]
    public async Task A_name_that_no_user_can_have_is_none()
    {
        await Deliver(Told.Subscription("created", Now, user: "ann smith"));
        Assert.That(await Ledger("ann smith"), Is.Empty);
    }

    [Test]
    public async Task What_Accounts_refuses_is_acknowledged_and_asked_again_when_it_is_delivered_again()
    {
        var created = Told.Subscription("created", Now, price: "price_nowhere");
        await Deliver(created);
        Assert.That(await Ledger(), Is.Empty);
        await Site.Publish("nowhere");
        await Deliver(created);
        Assert.That(await Ledger(), Is.EqualTo("nowhere for cus_ann"));
    }

    [Test]
    public async Task A_plan_that_is_no_longer_there_needs_no_end()
    {
        await Deliver(Told.Subscription("created", Now));
        await Site.Accounts.EndPlanAsync(new EndPlanRequest { User = Told.User, CommandId = Site.NewId() });
        await Deliver(Told.Subscription("deleted", Now.AddSeconds(1), "canceled"));
        Assert.That(await Ledger(), Is.EqualTo("pro for cus_ann, ended"));
    }
}
