using System.Net;
using Metering.StripeSimulator;
using Stripe;

namespace Metering.StripeSimulatorTests;

/// <summary>What goes wrong between a client and the service, and how often the client tries.</summary>
public class FaultTests : SimulatorTest
{
    private const string Html = "<html>Bad gateway</html>";

    [TestCase(429, null, 1, 1, 429)]
    [TestCase(429, true, 1, 2, 200)]
    [TestCase(409, null, 1, 2, 200)]
    [TestCase(409, false, 1, 1, 409)]
    [TestCase(500, null, 1, 2, 200)]
    [TestCase(500, false, 1, 1, 500)]
    [TestCase(503, null, -1, 3, 503)]
    [TestCase(400, null, 1, 1, 400)]
    [TestCase(400, true, 1, 2, 200)]
    public async Task The_client_tries_so_often(int status, bool? shouldRetry, int times, int attempts, int result)
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = status, ShouldRetry = shouldRetry, Times = times });
        var report = ReportAsync(Usage("1", "a"), client: NewClient());
        if (result == 200) await report;
        else await RefusalAsync(report, (HttpStatusCode)result);
        Assert.That(Simulator.Requests, Has.Count.EqualTo(attempts));
        Assert.That(Simulator.Requests.Select(r => r.IdempotencyKey).Distinct().Count(), Is.EqualTo(1));
        AssertTotal(result == 200 ? "1" : "0");
    }

    [TestCase(201, "{\"object\":\"billing.meter_event\"}", "application/json", 1)]
    [TestCase(200, "fine", "text/plain", 1)]
    [TestCase(404, Html, "text/html", 1)]
    [TestCase(502, Html, "text/html", 3)]
    public async Task What_is_not_the_service_s_answer_is_an_error(int status, string body, string type, int attempts)
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = status, Body = body, ContentType = type, Times = -1 });
        var refusal = await RefusalAsync(ReportAsync(Usage("1"), client: NewClient()), (HttpStatusCode)status);
        Assert.That(refusal.Message, Does.StartWith("Invalid response object from API"));
        Assert.That(Simulator.Requests, Has.Count.EqualTo(attempts));
    }

    [Test]
    public async Task A_lost_connection_is_tried_again()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseRequest));
        await ReportAsync(Usage("1", "a"), client: NewClient());
        Assert.That(Account.Counts, Is.EqualTo(new EventCounts(2, 1, 0, 0, 1)));
        AssertTotal("1");
    }

    [Test]
    public void A_connection_that_stays_lost_surfaces_as_it_is()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseRequest) { Times = -1 });
        Assert.ThrowsAsync<HttpRequestException>(() => ReportAsync(Usage("1", "a"), client: NewClient()));
        Assert.That(Simulator.Requests, Has.Count.EqualTo(3));
        AssertTotal("0");
    }

    [Test]
    public async Task A_timeout_surfaces_as_a_cancelled_task()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold));
        using var hasty = new HttpClient { Timeout = TimeSpan.FromMilliseconds(200) };
        var client = new StripeClient(new StripeClientOptions { ApiKey = Key, ApiBase = ApiBase, HttpClient = new SystemNetHttpClient(hasty, 0) });
        Assert.ThrowsAsync<TaskCanceledException>(() => ReportAsync(Usage("1", "a"), client: client));
        await Simulator.Faults.Held;
    }

    [Test]
    public async Task A_cancelled_call_is_not_tried_again()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold));
        using var source = new CancellationTokenSource();
        var call = NewClient().V1.Billing.MeterEvents.CreateAsync(Usage("1"), null, source.Token);
        await Simulator.Faults.Held;
        await source.CancelAsync();
        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Simulator.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_client_s_own_retry_of_a_lost_answer_replays_it()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer));
        await ReportAsync(Usage("3", "a"), client: NewClient());
        Assert.That(Account.Counts, Is.EqualTo(new EventCounts(2, 1, 0, 1, 0)));
        AssertTotal("3");
    }

    [Test]
    public async Task After_a_lost_answer_a_fresh_key_proves_that_it_was_recorded()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer));
        Assert.ThrowsAsync<HttpRequestException>(() => ReportAsync(Usage("3", "a"), "a"));
        var refusal = await RefusalAsync(ReportAsync(Usage("3", "a"), "a#2"));
        Assert.That(refusal.Message, Is.EqualTo("An event already exists with identifier a."));
        AssertTotal("3");
    }

    [Test]
    public async Task A_refusal_can_be_lost_on_its_way_too()
    {
        await ReportAsync(Usage("3", "a"));
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer));
        Assert.ThrowsAsync<HttpRequestException>(() => ReportAsync(Usage("3", "a")));
        await RefusalAsync(ReportAsync(Usage("3", "a")));
        Assert.That(Account.Counts, Is.EqualTo(new EventCounts(3, 1, 2, 0, 0)));
    }

    [Test]
    public async Task A_500_after_recording_is_replayed_by_its_key_for_a_day()
    {
        Simulator.Faults.Add(new Fault(FaultKind.FailAfter));
        await RefusalAsync(ReportAsync(Usage("3", "a"), "k"), HttpStatusCode.InternalServerError);
        await RefusalAsync(ReportAsync(Usage("3", "a"), "k"), HttpStatusCode.InternalServerError);
        await RefusalAsync(ReportAsync(Usage("3", "a"), "k2"));
        AssertTotal("3");
    }

    [Test]
    public async Task The_same_customer_and_meter_takes_one_call_at_a_time()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold) { Identifier = "slow" });
        var slow = ReportAsync(Usage("1", "slow"));
        await Simulator.Faults.Held;
        await RefusalAsync(ReportAsync(Usage("2", "other")), HttpStatusCode.Conflict);
        Account.AddCustomer("cus_bob");
        var bob = Usage("4", "bob");
        bob.Payload["stripe_customer_id"] = "cus_bob";
        await ReportAsync(bob);
        Simulator.Faults.Release();
        await slow;
        await ReportAsync(Usage("2", "other"));
        AssertTotal("3");
    }

    [Test]
    public async Task A_key_in_use_conflicts()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold));
        var slow = ReportAsync(Usage("1", "a"), "k");
        await Simulator.Faults.Held;
        var refusal = await RefusalAsync(ReportAsync(Usage("1", "a"), "k"), HttpStatusCode.Conflict);
        Assert.That(refusal.StripeError.Code, Is.EqualTo("idempotency_key_in_use"));
        Simulator.Faults.Release();
        await slow;
        AssertTotal("1");
    }

    [Test]
    public async Task A_later_rejection_is_answered_200()
    {
        Simulator.Faults.Add(new Fault(FaultKind.RejectLater) { Code = "timestamp_in_future" });
        await ReportAsync(Usage("3", "a"));
        await RefusalAsync(ReportAsync(Usage("3", "a")));
        Assert.That(Account.AsyncErrors.Single().Code, Is.EqualTo("timestamp_in_future"));
        AssertTotal("0");
    }

    [Test]
    public async Task Faults_come_over_http_too_and_hit_each_nth()
    {
        Assert.That(await PostAsync("/simulator/faults", "{\"kind\":\"Answer\",\"status\":429,\"every\":2,\"times\":2}"), Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await PostAsync("/simulator/faults", "{\"kind\":\"Nope\"}"), Is.EqualTo(HttpStatusCode.BadRequest));
        var results = new List<bool>();
        for (var i = 0; i < 6; i++) results.Add(await ReportAsync(Usage("1")).ContinueWith(t => t.IsCompletedSuccessfully, TaskScheduler.Default));
        Assert.That(results, Is.EqualTo(new[] { true, false, true, false, true, true }));
        AssertTotal("4");
    }

    [Test]
    public async Task Under_concurrent_calls_every_event_counts_once()
    {
        var customers = Enumerable.Range(0, 20).Select(i => Account.AddCustomer($"cus_{i}")).ToList();
        await Parallel.ForEachAsync(customers, async (customer, _) =>
        {
            for (var i = 0; i < 50; i++)
            {
                var usage = Usage("0.01", $"{customer}:{i}");
                usage.Payload["stripe_customer_id"] = customer;
                await ReportAsync(usage);
                await RefusalAsync(ReportAsync(usage));
            }
        });
        Assert.That(customers.Select(c => Account.Total(Tokens, c).ToString()), Is.All.EqualTo("0.5"));
        Assert.That(Account.Counts, Is.EqualTo(new EventCounts(2000, 1000, 1000, 0, 0)));
    }
}

public class RateLimitTests : SimulatorTest
{
    protected override SimulatorOptions Options => new() { RateLimit = 2 };

    [Test]
    public async Task Too_many_in_a_second_are_refused()
    {
        await ReportAsync(Usage("1"));
        await ReportAsync(Usage("1"));
        var refusal = await RefusalAsync(ReportAsync(Usage("1")), HttpStatusCode.TooManyRequests);
        Assert.That(refusal.StripeResponse.Headers.GetValues("Stripe-Rate-Limited-Reason").Single(), Is.EqualTo("global-rate"));
        Time.Advance(TimeSpan.FromSeconds(1));
        await ReportAsync(Usage("1"));
        AssertTotal("3");
    }
}
