using System.Net;
using System.Text.Json.Nodes;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.StripeSimulatorTests;

/// <summary>What can be made to happen, and what can be seen of it.</summary>
public class OnDemandTests : BillingTest
{
    [Test]
    public async Task The_clock_goes_ahead_and_identifiers_are_forgotten()
    {
        await UsedAsync("5", "a");
        Assert.That(await PostAsync("/simulator/clock", "{\"advance\":\"23:59:59\"}"), Is.EqualTo(HttpStatusCode.OK));
        await RefusalAsync(UsedAsync("5", "a"));
        Assert.That(await PostAsync("/simulator/clock", "{\"advance\":\"0:00:01\"}"), Is.EqualTo(HttpStatusCode.OK));
        await UsedAsync("5", "a");
        Assert.That((string?)JsonNode.Parse(await GetAsync("/simulator/clock"))!["now"], Is.EqualTo("2026-11-21T12:00:30.000Z"));
        AssertTotal("10");
    }

    [Test]
    public async Task The_clock_turns_periods()
    {
        SubscribeToTokens();
        await UsedAsync("5", "a");
        await PostAsync("/simulator/clock", "{\"advance\":\"800:00:00\"}");
        Assert.That((TheInvoice().Status, TheInvoice().Total), Is.EqualTo(("paid", 5)));
    }

    [TestCase("/simulator/clock", "{}", "advance: expected hours:minutes:seconds")]
    [TestCase("/simulator/clock", "{\"advance\":\"-1:00:00\"}", "advance: expected")]
    [TestCase("/simulator/clock", "{\"advance\":\"999999:00:00\"}", "100 years")]
    [TestCase("/simulator/clock", "{\"forward\":\"1:00:00\"}", "forward")]
    [TestCase("/simulator/lose", "{}", "identifier: expected")]
    [TestCase("/simulator/lose", "{\"identifier\":\"nope\"}", "no event that counts has 'nope'")]
    [TestCase("/simulator/tell", "{\"type\":\"invoice.upcoming\"}", "object: expected")]
    [TestCase("/simulator/tell", "{\"type\":\"t\",\"object\":{},\"key\":\"sk_test_nobody\"}", "key: no account")]
    [TestCase("/simulator/webhooks", "{\"url\":\"here\"}", "url: expected an http address")]
    [TestCase("/simulator/faults", "", "kind")]
    [TestCase("/simulator/faults", "{\"kind\":\"Hold\",\"every\":0}", "Every")]
    [TestCase("/simulator/checkout/cs_nope/complete", "", "No open checkout session 'cs_nope'")]
    public async Task What_it_cannot_do_is_said(string path, string body, string words)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(ApiBase + path, new StringContent(body));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(words));
    }

    [Test]
    public async Task A_lost_event_no_longer_counts_and_its_identifier_stays_taken()
    {
        await UsedAsync("5", "a");
        await UsedAsync("7", "b");
        Assert.That(await PostAsync("/simulator/lose", "{\"identifier\":\"a\"}"), Is.EqualTo(HttpStatusCode.NoContent));
        AssertTotal("7");
        await RefusalAsync(UsedAsync("5", "a"));
        Assert.That(Account.AsyncErrors, Is.Empty);
        var shown = JsonNode.Parse(await GetAsync("/state"))!["accounts"]![0]!["identifiers"]![0]!;
        Assert.That((string?)shown["status"], Is.EqualTo("lost"));
    }

    [Test]
    public async Task An_event_can_vanish_without_a_word()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Vanish) { Identifier = "b" });
        await UsedAsync("5", "a");
        await UsedAsync("7", "b");
        await RefusalAsync(UsedAsync("7", "b"));
        Assert.That(Account.AsyncErrors, Is.Empty);
        AssertTotal("5");
    }

    [Test]
    public async Task A_stale_summary_shows_less_and_the_next_one_all()
    {
        await UsedAsync("5", "a");
        Time.Advance(TimeSpan.FromSeconds(30));
        await UsedAsync("7", "b");
        Simulator.Faults.Add(new Fault(FaultKind.StaleSummary) { DelayMs = 10_000 });
        Assert.That((await SummaryAsync(), await SummaryAsync()), Is.EqualTo((5m, 12m)));
    }

    [Test]
    public async Task Reads_are_counted()
    {
        await UsedAsync("5", "a");
        await SummaryAsync();
        await GetAsync<StripeList<Meter>>("/v1/billing/meters");
        Assert.That(Account.Reads, Is.EqualTo(2));
    }

    [Test]
    public async Task Customers_and_meters_can_be_changed()
    {
        var customer = await PostAsync<Customer>(
            "/v1/customers/" + Ann, ("name", "Ann"), ("metadata", new Dictionary<string, string> { ["user"] = "u1" }));
        Assert.That((customer.Name, customer.Metadata["user"]), Is.EqualTo(("Ann", "u1")));
        var path = "/v1/billing/meters/" + TokensMeter.Id;
        Assert.That((await PostAsync<Meter>(path, ("display_name", "LLM"))).DisplayName, Is.EqualTo("LLM"));
        await RefusalAsync(PostAsync<Meter>(path, ("event_name", "other")));
    }

    private async Task<decimal> SummaryAsync()
    {
        var midnight = new DateTime(2026, 11, 20, 0, 0, 0, DateTimeKind.Utc);
        var options = new MeterEventSummaryListOptions { Customer = Ann, StartTime = midnight, EndTime = midnight.AddDays(1) };
        return (await Client.V1.Billing.Meters.EventSummaries.ListAsync(TokensMeter.Id, options)).Single().AggregatedValue;
    }
}

public class VaryingLagTests : SimulatorTest
{
    protected override SimulatorOptions Options => new() { SummaryLag = TimeSpan.FromMinutes(10), SummaryLagVaries = true };

    [Test]
    public async Task Events_show_one_by_one_and_in_the_end_all()
    {
        for (var i = 0; i < 50; i++) await ReportAsync(Usage("1", $"id {i * 7919}"));
        var shown = new List<decimal>();
        for (var minute = 0; minute <= 10; minute++)
        {
            shown.Add(await SumAsync());
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.That(shown, Is.Ordered);
        Assert.That((shown[5], shown[10]), Is.EqualTo((shown[5], 50m)));
        Assert.That(shown[5], Is.InRange(1, 49));
    }

    private async Task<decimal> SumAsync()
    {
        var midnight = new DateTime(2026, 11, 20, 0, 0, 0, DateTimeKind.Utc);
        var options = new MeterEventSummaryListOptions { Customer = Ann, StartTime = midnight, EndTime = midnight.AddDays(1) };
        return (await Client.V1.Billing.Meters.EventSummaries.ListAsync(TokensMeter.Id, options)).Sum(s => s.AggregatedValue);
    }
}

public class StricterServiceTests : SimulatorTest
{
    protected override SimulatorOptions Options => new() { UnknownCustomerIsSync = true, RateLimit = 2, RateLimitShouldRetry = true };

    [Test]
    public async Task An_unknown_customer_can_be_refused_at_once()
    {
        var usage = Usage("1", "a");
        usage.Payload["stripe_customer_id"] = "cus_nope";
        var refusal = await RefusalAsync(ReportAsync(usage));
        Assert.That((refusal.StripeError.Code, refusal.Message), Is.EqualTo(("resource_missing", "No such customer: 'cus_nope'")));
        Assert.That(Account.AsyncErrors, Is.Empty);
    }

    [Test]
    public async Task A_429_can_ask_for_a_retry()
    {
        await ReportAsync(Usage("1"));
        await ReportAsync(Usage("1"));
        var refusal = await RefusalAsync(ReportAsync(Usage("1")), HttpStatusCode.TooManyRequests);
        Assert.That(refusal.StripeResponse.Headers.GetValues("Stripe-Should-Retry").Single(), Is.EqualTo("true"));
    }
}
