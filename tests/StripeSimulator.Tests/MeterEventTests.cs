using System.Globalization;
using System.Net;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.StripeSimulatorTests;

public class MeterEventTests : SimulatorTest
{
    [Test]
    public async Task An_event_is_answered_as_it_was_sent_and_counts()
    {
        var at = Time.GetUtcNow().AddDays(-1);
        var answer = await ReportAsync(Usage("42", "id:1", at));
        Assert.Multiple(() =>
        {
            Assert.That(answer.Object, Is.EqualTo("billing.meter_event"));
            Assert.That(answer.Identifier, Is.EqualTo("id:1"));
            Assert.That(answer.EventName, Is.EqualTo(Tokens));
            Assert.That(answer.Payload["value"], Is.EqualTo("42"));
            Assert.That(answer.Timestamp, Is.EqualTo(at.UtcDateTime));
            Assert.That(answer.Created, Is.EqualTo(Time.GetUtcNow().UtcDateTime));
            Assert.That(answer.Livemode, Is.False);
        });
        AssertTotal("42");
    }

    [Test]
    public async Task Without_identifier_and_time_it_gets_its_own_and_now()
    {
        var answer = await ReportAsync(Usage("1"));
        Assert.That(answer.Identifier, Is.Not.Empty);
        Assert.That(answer.Timestamp, Is.EqualTo(Time.GetUtcNow().UtcDateTime));
    }

    [Test]
    public async Task The_form_is_written_byte_for_byte_as_documented()
    {
        await ReportAsync(Usage("1", "id:1", Time.GetUtcNow()), "key 1");
        var seen = Simulator.Requests.Single();
        Assert.Multiple(() =>
        {
            Assert.That(seen.Body, Is.EqualTo(
                $"event_name=tokens&identifier=id%3A1&payload[stripe_customer_id]=cus_ann&payload[value]=1&timestamp={Time.GetUtcNow().ToUnixTimeSeconds()}"));
            Assert.That(seen.IdempotencyKey, Is.EqualTo("key 1"));
            Assert.That(seen.Headers["Authorization"], Is.EqualTo("Bearer " + Key));
            Assert.That(seen.Headers["Stripe-Version"], Is.EqualTo(StripeConfiguration.ApiVersion));
            Assert.That(seen.Headers["Content-Type"], Does.StartWith("application/x-www-form-urlencoded"));
        });
    }

    [Test]
    public async Task Each_call_without_a_key_gets_a_fresh_one()
    {
        await ReportAsync(Usage("1"));
        await ReportAsync(Usage("1"));
        var keys = Simulator.Requests.Select(r => r.IdempotencyKey).ToList();
        Assert.That(keys, Is.Unique.And.All.Not.Empty);
        Assert.That(Guid.TryParse(keys[0], out _), Is.True);
    }

    [Test]
    public async Task A_known_identifier_is_refused_without_a_code()
    {
        await ReportAsync(Usage("5", "a"));
        var refusal = await RefusalAsync(ReportAsync(Usage("7", "a")));
        Assert.Multiple(() =>
        {
            Assert.That(refusal.Message, Is.EqualTo("An event already exists with identifier a."));
            Assert.That(refusal.StripeError.Message, Is.EqualTo(refusal.Message));
            Assert.That(refusal.StripeError.Type, Is.EqualTo("invalid_request_error"));
            Assert.That(refusal.StripeError.Code, Is.Null);
            Assert.That(refusal.StripeResponse.Headers.GetValues("Stripe-Should-Retry").Single(), Is.EqualTo("false"));
        });
        AssertTotal("5");
    }

    [Test]
    public async Task An_identifier_is_forgotten_after_exactly_a_day()
    {
        await ReportAsync(Usage("5", "a"));
        Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromTicks(1));
        await RefusalAsync(ReportAsync(Usage("5", "a")));
        Time.Advance(TimeSpan.FromTicks(1));
        await ReportAsync(Usage("5", "a"));
        AssertTotal("10");
    }

    [Test]
    public async Task Identifiers_are_unique_to_an_account()
    {
        var other = Simulator.Account("sk_test_other");
        other.AddMeter(Tokens);
        other.AddCustomer(Ann);
        await ReportAsync(Usage("5", "a"));
        await ReportAsync(Usage("6", "a"), client: NewClient(0, "sk_test_other"));
        Assert.That((Account.Total(Tokens, Ann).ToString(), other.Total(Tokens, Ann).ToString()), Is.EqualTo(("5", "6")));
    }

    [Test]
    public async Task The_same_key_replays_and_counts_once()
    {
        var first = await ReportAsync(Usage("5", "a"), "k");
        var again = await ReportAsync(Usage("5", "a"), "k");
        Assert.That(again.StripeResponse.Content, Is.EqualTo(first.StripeResponse.Content));
        Assert.That(Account.Counts, Is.EqualTo(new EventCounts(2, 1, 0, 1, 0)));
        AssertTotal("5");
    }

    [Test]
    public async Task The_same_key_with_other_parameters_is_refused()
    {
        await ReportAsync(Usage("5", "a"), "k");
        var refusal = await RefusalAsync(ReportAsync(Usage("6", "b"), "k"));
        Assert.That(refusal.StripeError.Type, Is.EqualTo("idempotency_error"));
        AssertTotal("5");
    }

    [Test]
    public async Task A_key_is_forgotten_after_a_day()
    {
        await ReportAsync(Usage("5", "a"), "k");
        Time.Advance(TimeSpan.FromHours(24));
        await ReportAsync(Usage("6", "b"), "k");
        AssertTotal("11");
    }

    [Test]
    public async Task A_key_that_failed_validation_may_be_used_again()
    {
        await RefusalAsync(ReportAsync(Usage("x", "a"), "k"));
        await ReportAsync(Usage("6", "a"), "k");
        AssertTotal("6");
    }

    [TestCase(-35 * 86_400, true)]
    [TestCase((-35 * 86_400) - 1, false)]
    [TestCase(300, true)]
    [TestCase(301, false)]
    public async Task Time_reaches_35_days_back_and_5_minutes_ahead(int seconds, bool taken)
    {
        var report = ReportAsync(Usage("1", "a", Time.GetUtcNow().AddSeconds(seconds)));
        if (taken) await report;
        else Assert.That((await RefusalAsync(report)).Message, Does.StartWith("The event timestamp cannot be more than"));
        AssertTotal(taken ? "1" : "0");
    }

    [Test]
    public async Task The_refusal_of_an_old_event_names_the_earliest_time()
    {
        var refusal = await RefusalAsync(ReportAsync(Usage("1", "a", Time.GetUtcNow().AddDays(-36))));
        var earliest = Time.GetUtcNow().AddDays(-35).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        Assert.That(refusal.Message, Is.EqualTo(
            $"The event timestamp cannot be more than 35 days in past. Expected a timestamp greater than or equal to {earliest}."));
    }

    [TestCase("123456789012345")]
    [TestCase("-123456789012345")]
    [TestCase("0.00000123456789012345")]
    [TestCase("0")]
    [TestCase("-1.5")]
    public async Task A_plain_decimal_of_15_digits_is_exact(string value)
    {
        await ReportAsync(Usage(value));
        AssertTotal(value);
    }

    [TestCase("1234567890123456", "at most 15 digits. Received `1234567890123456`.")]
    [TestCase("1.000000000000000", "at most 15 digits")]
    [TestCase("1e3", "plain decimal")]
    [TestCase("1,5", "plain decimal")]
    [TestCase("+1", "plain decimal")]
    [TestCase(" 1", "plain decimal")]
    [TestCase(".5", "plain decimal")]
    [TestCase("NaN", "plain decimal")]
    [TestCase("", "no `value`")]
    public async Task Any_other_value_is_refused(string value, string words)
    {
        Assert.That((await RefusalAsync(ReportAsync(Usage(value)))).Message, Does.Contain(words));
        AssertTotal("0");
    }

    [Test]
    public async Task Sums_are_exact_where_a_double_or_a_decimal_would_round()
    {
        foreach (var value in new[] { "999999999999999", "0.000000000000000000000000000001", "0.1", "0.2", "-1000" }) await ReportAsync(Usage(value));
        AssertTotal("999999999998999.300000000000000000000000000001");
    }

    [Test]
    public async Task A_negative_quantity_takes_back_even_below_zero()
    {
        await ReportAsync(Usage("10"));
        await ReportAsync(Usage("-12.5"));
        AssertTotal("-2.5");
    }

    [Test]
    public async Task Without_an_active_meter_it_is_refused()
    {
        var options = Usage("1", "a");
        options.EventName = "nope";
        Assert.That((await RefusalAsync(ReportAsync(options))).Message, Is.EqualTo("No active meter found for event name \"nope\""));
        await Client.V1.Billing.Meters.DeactivateAsync(TokensMeter.Id);
        await RefusalAsync(ReportAsync(Usage("1", "a")));
        await Client.V1.Billing.Meters.ReactivateAsync(TokensMeter.Id);
        await ReportAsync(Usage("1", "a"));
        AssertTotal("1");
    }

    [Test]
    public async Task An_unknown_customer_is_answered_and_dropped()
    {
        var options = Usage("1", "a");
        options.Payload["stripe_customer_id"] = "cus_unknown";
        await ReportAsync(options, "k");
        var error = Account.AsyncErrors.Single();
        Assert.That((error.Code, error.Identifier, error.IdempotencyKey), Is.EqualTo(("meter_event_customer_not_found", "a", "k")));
        Assert.That(Account.Total(Tokens, "cus_unknown"), Is.EqualTo(Exact.Zero));
    }

    [Test]
    public async Task A_cancelled_event_no_longer_counts()
    {
        await ReportAsync(Usage("5", "a"));
        await ReportAsync(Usage("7", "b"));
        var answer = await CancelAsync("a");
        Assert.That(answer.Status, Is.EqualTo("complete"));
        AssertTotal("7");
        await RefusalAsync(CancelAsync("a"));
        await RefusalAsync(CancelAsync("c"));
        Time.Advance(TimeSpan.FromHours(24));
        await RefusalAsync(CancelAsync("b"));
        AssertTotal("7");
    }

    [Test]
    public async Task An_unknown_parameter_is_refused()
    {
        var options = Usage("1");
        options.AddExtraParam("quantity", "1");
        var refusal = await RefusalAsync(ReportAsync(options));
        Assert.That((refusal.StripeError.Code, refusal.StripeError.Param), Is.EqualTo(("parameter_unknown", "quantity")));
    }

    [Test]
    public async Task A_missing_parameter_is_refused()
    {
        var options = Usage("1");
        options.EventName = null;
        var refusal = await RefusalAsync(ReportAsync(options));
        Assert.That((refusal.StripeError.Code, refusal.StripeError.Param), Is.EqualTo(("parameter_missing", "event_name")));
    }

    [Test]
    public Task An_odd_key_is_not_let_in() =>
        RefusalAsync(ReportAsync(Usage("1"), client: NewClient(0, "secret")), HttpStatusCode.Unauthorized);

    private Task<MeterEventAdjustment> CancelAsync(string identifier) =>
        Client.V1.Billing.MeterEventAdjustments.CreateAsync(new MeterEventAdjustmentCreateOptions
        {
            EventName = Tokens,
            Type = "cancel",
            Cancel = new MeterEventAdjustmentCancelOptions { Identifier = identifier },
        });
}
