using System.Net;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

[assembly: Parallelizable(ParallelScope.All)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Metering.StripeSimulatorTests;

/// <summary>A simulator, an account with one meter and one customer, and a Stripe client, for each test its own.</summary>
public abstract class SimulatorTest
{
    protected const string Key = "sk_test_tests";
    protected const string Tokens = "tokens";
    protected const string Ann = "cus_ann";

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };

    protected ManualTime Time { get; } = new(new DateTimeOffset(2026, 11, 20, 12, 0, 30, TimeSpan.Zero));
    protected Simulator Simulator { get; private set; } = null!;
    protected SimulatorAccount Account { get; private set; } = null!;
    protected SimulatorMeter TokensMeter { get; private set; } = null!;
    protected StripeClient Client { get; private set; } = null!;
    protected string ApiBase => Simulator.Address.GetLeftPart(UriPartial.Authority);
    protected virtual SimulatorOptions Options => new();

    [SetUp]
    public async Task StartAsync()
    {
        Simulator = await Simulator.StartAsync(Options with { Time = Time });
        Account = Simulator.Account(Key);
        TokensMeter = Account.AddMeter(Tokens);
        Account.AddCustomer(Ann);
        Client = NewClient(retries: 0);
    }

    [TearDown]
    public async Task StopAsync()
    {
        http.Dispose();
        await Simulator.DisposeAsync();
    }

    protected StripeClient NewClient(int retries = 2, string key = Key) =>
        new(new StripeClientOptions { ApiKey = key, ApiBase = ApiBase, HttpClient = new SystemNetHttpClient(http, retries) });

    protected static MeterEventCreateOptions Usage(string value, string? identifier = null, DateTimeOffset? at = null) => new()
    {
        EventName = Tokens,
        Identifier = identifier,
        Payload = new Dictionary<string, string> { ["stripe_customer_id"] = Ann, ["value"] = value },
        Timestamp = at?.UtcDateTime,
    };

    protected Task<MeterEvent> ReportAsync(MeterEventCreateOptions options, string? key = null, StripeClient? client = null) =>
        (client ?? Client).V1.Billing.MeterEvents.CreateAsync(options, new RequestOptions { IdempotencyKey = key });

    protected static async Task<StripeException> RefusalAsync(Task call, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        try
        {
            await call;
        }
        catch (StripeException refusal)
        {
            Assert.That(refusal.HttpStatusCode, Is.EqualTo(status), refusal.Message);
            return refusal;
        }

        throw new AssertionException("It was not refused.");
    }

    protected void AssertTotal(string expected) => Assert.That(Account.Total(Tokens, Ann).ToString(), Is.EqualTo(expected));

    protected Task<string> GetAsync(string path) => http.GetStringAsync(ApiBase + path);

    protected async Task<HttpStatusCode> PostAsync(string path, string json)
    {
        using var answer = await http.PostAsync(ApiBase + path, new StringContent(json));
        return answer.StatusCode;
    }
}

public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private long ticks = start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
