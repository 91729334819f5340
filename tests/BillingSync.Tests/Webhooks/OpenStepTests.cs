using System.Net;
using System.Net.Sockets;
using Metering.BillingSync.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>What was planned and not answered is done though Stripe delivers nothing again.</summary>
public sealed class OpenStepTests : WebhookTest
{
    private const string Assigned = "pro for cus_ann";

    [TestCase("ledger-", 0, 0, TestName = "Died_before_Accounts_did_it_the_next_process_has_it_done")]
    [TestCase("stripe-", 1, 0, TestName = "Died_before_that_was_recorded_it_is_done_once")]
    [TestCase("ledger-", 0, 60, TestName = "Also_when_the_ledger_no_longer_knows_the_id_of_what_was_not_done")]
    [TestCase("stripe-", 1, 60, TestName = "And_of_what_was_done")]
    public async Task Died_between(string prefix, int after, int minutes)
    {
        var first = await StartSite();
        Streams.Break(prefix, after);
        Assert.That(await first.Deliver(Told.Subscription("created", Now)), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await first.DisposeAsync();
        Streams.Mend();
        Time.Advance(TimeSpan.FromMinutes(minutes));
        var next = await StartSite();
        await Settled(1);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
        await Seen(next, "stripe-cus_ann");
        Assert.That((await next.Ops.ListStripeProblemsAsync(new())).Problems, Is.Empty);
    }

    [Test]
    public async Task Of_one_customer_it_is_done_in_order()
    {
        Streams.Break("ledger-");
        var first = await StartSite();
        foreach (var told in new[]
        {
            Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 3), Told.Checkout("completed", Now),
            Told.Subscription("deleted", Now.AddSeconds(1), "canceled"),
        })
            Assert.That(await first.Deliver(told), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await first.DisposeAsync();
        Streams.Mend();
        await StartSite();
        await Settled(4);
        Assert.That(await Ledger(), Is.EqualTo(Assigned + ", suspended, 15000000000 USD by pi_1, ended"));
    }

    [Test]
    public async Task Accounts_is_asked_until_it_answers_and_readiness_says_so()
    {
        var port = FreePort();
        var alone = await StartSite(("Billing:Accounts", $"http://127.0.0.1:{port}"));
        Assert.That(await alone.Deliver(Told.Subscription("created", Now)), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        var health = await Health(alone, HealthStatus.Unhealthy);
        Assert.That(health.Description, Does.StartWith("Accounts did not answer"));
        Assert.That(await Ledger(), Is.Empty);
        await StartSite(port);
        await Settled(1);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
        await Health(alone, HealthStatus.Healthy);
    }

    [Test]
    public async Task One_customers_trouble_holds_up_nobody_else()
    {
        Streams.Break("ledger-ann");
        Assert.That(await Site.Deliver(Told.Subscription("created", Now)), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        var other = Told.Subscription("created", Now, user: "bob");
        other["data"]!["object"]!["customer"] = "cus_bob";
        await Site.DisposeAsync();
        var next = await StartSite();
        Assert.That(await next.Deliver(other), Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await Ledger(), await Ledger("bob")), Is.EqualTo(("", "pro for cus_bob")));
        Streams.Mend();
        await Settled(2);
        Assert.That(await Ledger(), Is.EqualTo(Assigned));
    }

    /// <summary>What readiness says of Accounts, once it is so.</summary>
    private static async Task<HealthReportEntry> Health(WebhookSite site, HealthStatus expected)
    {
        var open = site.Services.GetRequiredService<OpenSteps>();
        for (var next = open.NextTry; (open.Away is null) != (expected == HealthStatus.Healthy); next = open.NextTry)
            await next.WaitAsync(Patience);
        var checks = site.Services.GetRequiredService<HealthCheckService>();
        var health = await checks.CheckHealthAsync(check => check.Name == "billing-accounts");
        Assert.That(health.Status, Is.EqualTo(expected));
        return health.Entries["billing-accounts"];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
