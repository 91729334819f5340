using System.Net;
using System.Text.Json.Nodes;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.StripeSimulatorTests;

public class SummaryTests : SimulatorTest
{
    private static readonly DateTimeOffset Midnight = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task One_summary_covers_the_range_from_its_start_up_to_its_end()
    {
        await ReportAsync(Usage("1", null, Midnight.AddSeconds(-1)));
        await ReportAsync(Usage("10.25", null, Midnight));
        await ReportAsync(Usage("-0.05", null, Midnight.AddMinutes(1).AddSeconds(-1)));
        await ReportAsync(Usage("100", null, Midnight.AddMinutes(1)));
        var summary = (await ListAsync(Range(Midnight, Midnight.AddMinutes(1)))).Single();
        Assert.Multiple(() =>
        {
            Assert.That(summary.AggregatedValue, Is.EqualTo(10.20m));
            Assert.That(summary.Meter, Is.EqualTo(TokensMeter.Id));
            Assert.That(summary.StartTime, Is.EqualTo(Midnight.UtcDateTime));
            Assert.That(summary.EndTime, Is.EqualTo(Midnight.AddMinutes(1).UtcDateTime));
        });
    }

    [Test]
    public async Task A_range_without_events_has_none() =>
        Assert.That(await ListAsync(Range(Midnight, Midnight.AddDays(1))), Is.Empty);

    [Test]
    public async Task Hours_come_newest_first_page_by_page()
    {
        for (var hour = 0; hour < 12; hour++) await ReportAsync(Usage($"{hour + 1}", null, Midnight.AddHours(hour)));
        var options = Range(Midnight, Midnight.AddHours(12), "hour");
        var first = await ListAsync(options);
        Assert.That(first.Select(s => s.AggregatedValue), Is.EqualTo(Enumerable.Range(3, 10).Reverse()));
        Assert.That(first.HasMore, Is.True);
        options.StartingAfter = first.Data[^1].Id;
        var second = await ListAsync(options);
        Assert.That(second.Select(s => s.AggregatedValue), Is.EqualTo(new[] { 2, 1 }));
        Assert.That(second.HasMore, Is.False);
    }

    [TestCase(1)]
    [TestCase(5)]
    [TestCase(100)]
    public async Task Auto_paging_reads_them_all(int limit)
    {
        for (var hour = 0; hour < 12; hour++) await ReportAsync(Usage("1", null, Midnight.AddHours(hour)));
        var options = Range(Midnight, Midnight.AddHours(12), "hour");
        options.Limit = limit;
        var sum = 0m;
        await foreach (var summary in Client.V1.Billing.Meters.EventSummaries.ListAutoPagingAsync(TokensMeter.Id, options)) sum += summary.AggregatedValue;
        Assert.That(sum, Is.EqualTo(12));
    }

    [TestCase(30, 60, null)]
    [TestCase(0, 61, null)]
    [TestCase(0, 1800, "hour")]
    [TestCase(3600, 86_400, "day")]
    [TestCase(60, 60, null)]
    public async Task Times_off_the_grid_are_refused(int from, int to, string? window) =>
        await RefusalAsync(ListAsync(Range(Midnight.AddSeconds(from), Midnight.AddSeconds(to), window)));

    [TestCase(0)]
    [TestCase(101)]
    public async Task A_page_holds_1_to_100(int limit)
    {
        var options = Range(Midnight, Midnight.AddDays(1));
        options.Limit = limit;
        await RefusalAsync(ListAsync(options));
    }

    [Test]
    public async Task An_unknown_meter_is_not_found() => await RefusalAsync(
        Client.V1.Billing.Meters.EventSummaries.ListAsync("mtr_nope", Range(Midnight, Midnight.AddDays(1))), HttpStatusCode.NotFound);

    [TestCase("count", null, 3)]
    [TestCase("last", null, 7)]
    [TestCase("sum", "hour", 11)]
    [TestCase("sum", "day", 4)]
    public async Task Other_meters_count_the_last_and_overwrite(string formula, string? window, int expected)
    {
        var meter = Account.AddMeter("other", formula: formula, eventTimeWindow: window);
        foreach (var (value, minute) in new[] { ("5", 30), ("7", 70), ("4", 10) })
        {
            var usage = Usage(value, null, Midnight.AddMinutes(minute));
            usage.EventName = "other";
            await ReportAsync(usage);
        }

        var summaries = await Client.V1.Billing.Meters.EventSummaries.ListAsync(meter.Id, Range(Midnight, Midnight.AddDays(1)));
        Assert.That(summaries.Single().AggregatedValue, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_meter_is_made_read_and_listed()
    {
        var made = await Client.V1.Billing.Meters.CreateAsync(NewMeter("calls"));
        var read = await Client.V1.Billing.Meters.GetAsync(made.Id);
        Assert.That((read.EventName, read.Status, read.DefaultAggregation.Formula, read.CustomerMapping.EventPayloadKey, read.ValueSettings.EventPayloadKey),
            Is.EqualTo(("calls", "active", "sum", "customer", "amount")));
        var listed = await Client.V1.Billing.Meters.ListAsync(new MeterListOptions { Limit = 1, Status = "active" });
        Assert.That((listed.Single().Id, listed.HasMore), Is.EqualTo((made.Id, true)));
        await RefusalAsync(Client.V1.Billing.Meters.CreateAsync(NewMeter("calls")));
    }

    [Test]
    public async Task A_customer_is_made_and_read()
    {
        var options = new BaseOptions();
        options.AddExtraParam("name", "Bob & Söhne");
        options.AddExtraParam("metadata", new Dictionary<string, string> { ["tenant"] = "t1" });
        var made = await Client.RequestAsync<Customer>(HttpMethod.Post, "/v1/customers", options, null);
        var read = await Client.RequestAsync<Customer>(HttpMethod.Get, "/v1/customers/" + made.Id, null, null);
        Assert.That((read.Name, read.Metadata["tenant"]), Is.EqualTo(("Bob & Söhne", "t1")));
    }

    [Test]
    public async Task The_state_shows_exact_totals_and_counts()
    {
        await ReportAsync(Usage("0.1", "<a>"));
        await ReportAsync(Usage("0.2", "b"));
        await RefusalAsync(ReportAsync(Usage("0.2", "b")));
        var account = JsonNode.Parse(await GetAsync("/state"))!["accounts"]![0]!;
        Assert.Multiple(() =>
        {
            Assert.That((string?)account["customers"]![0]!["totals"]![Tokens], Is.EqualTo("0.3"));
            Assert.That((int?)account["events"]!["refused"], Is.EqualTo(1));
            Assert.That(account["identifiers"]!.AsArray().Select(i => (string?)i!["identifier"]), Is.EqualTo(new[] { "<a>", "b" }));
        });
        Assert.That(await GetAsync("/"), Does.Contain("&lt;a&gt;").And.Contain("<td>0.3</td>"));
    }

    [Test]
    public void Off_loopback_it_does_not_start() =>
        Assert.ThrowsAsync<ArgumentException>(() => Simulator.StartAsync(new SimulatorOptions { Address = new Uri("http://0.0.0.0:0") }));

    private static MeterCreateOptions NewMeter(string eventName) => new()
    {
        DisplayName = "Calls",
        EventName = eventName,
        DefaultAggregation = new MeterDefaultAggregationOptions { Formula = "sum" },
        CustomerMapping = new MeterCustomerMappingOptions { EventPayloadKey = "customer", Type = "by_id" },
        ValueSettings = new MeterValueSettingsOptions { EventPayloadKey = "amount" },
    };

    private static MeterEventSummaryListOptions Range(DateTimeOffset from, DateTimeOffset to, string? window = null) =>
        new() { Customer = Ann, StartTime = from.UtcDateTime, EndTime = to.UtcDateTime, ValueGroupingWindow = window };

    private Task<StripeList<MeterEventSummary>> ListAsync(MeterEventSummaryListOptions options) =>
        Client.V1.Billing.Meters.EventSummaries.ListAsync(TokensMeter.Id, options);
}

public class SummaryLagTests : SimulatorTest
{
    protected override SimulatorOptions Options => new() { SummaryLag = TimeSpan.FromMinutes(1) };

    [Test]
    public async Task A_summary_lags_behind()
    {
        await ReportAsync(Usage("1"));
        Assert.That(await ReadAsync(), Is.Empty);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await ReadAsync()).Single().AggregatedValue, Is.EqualTo(1));
    }

    private Task<StripeList<MeterEventSummary>> ReadAsync()
    {
        var midnight = new DateTime(2026, 11, 20, 0, 0, 0, DateTimeKind.Utc);
        var options = new MeterEventSummaryListOptions { Customer = Ann, StartTime = midnight, EndTime = midnight.AddDays(1) };
        return Client.V1.Billing.Meters.EventSummaries.ListAsync(TokensMeter.Id, options);
    }
}
