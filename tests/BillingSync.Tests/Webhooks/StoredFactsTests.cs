using System.Text;
using System.Text.Json;
using Metering.BillingSync.Webhooks;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>What streams hold of Stripe's words is frozen: contracts/fixtures/stripe has a file per stored name, of exactly its bytes.</summary>
public sealed class StoredFactsTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 1, 0, 5, 0, TimeSpan.Zero);
    private static readonly Guid First = new("019a3d1c-2b60-7000-8000-000000000001");

    private static readonly StripeFact[] Facts =
    [
        new EventHeard(
            At, "evt_1", "customer.subscription.updated", At, new SubscriptionNews("sub_1", "active", "price_pro", "pro", "ann"),
            new InvoiceNews("in_1", InvoiceStanding.Owed, "sub_1", "ann"), new PaymentNews("pi_1", "USD", 15_000_000_000, "ann"),
            "ann", "newer is known"),
        new CustomerLinked(At, "ann"),
        new StepPlanned(At, "evt_1", First, "ann", StepKind.AssignPlan, "pro", "pi_1", "USD", 15_000_000_000, First),
        new StepRepeated(At, First, First),
        new StepSettled(At, First, "NotFound: plan_id"),
        new ErrorsHeard(At, "evt_2", "v1.billing.meter.no_meter_found", At),
        new ErrorsTaken(At, "evt_2", 7, 1, ["metering-0"], "7 events were not counted"),
    ];

    [TestCaseSource(nameof(Facts))]
    public void A_fact_is_stored_as_its_fixture_and_read_from_it(StripeFact happened)
    {
        var (type, data) = StoredFacts.Encode(happened);
        Assert.That(Encoding.UTF8.GetString(data.Span), Is.EqualTo(Fixture(type)));
        var read = StoredFacts.Decode(type, Encoding.UTF8.GetBytes(Fixture(type)));
        Assert.That(Encoding.UTF8.GetString(StoredFacts.Encode(read).Data.Span), Is.EqualTo(Fixture(type)));
    }

    [Test]
    public void Every_stored_name_has_its_fixture() =>
        Assert.That(Facts.Select(happened => StoredFacts.Encode(happened).Type), Is.EquivalentTo(StoredFacts.Names));

    [Test]
    public void An_unknown_type_stops_the_reader() => Assert.That(
        () => StoredFacts.Decode("event_sung.v1", "{}"u8), Throws.InvalidOperationException.With.Message.Contains("event_sung.v1"));

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("""{"at":"2026-11-01T00:05:00+00:00","user":"ann","more":1}""")]
    public void Other_data_stops_the_reader(string json) =>
        Assert.That(() => StoredFacts.Decode("customer_linked.v1", Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<JsonException>());

    private static string Fixture(string type)
    {
        using var stream = typeof(StoredFactsTests).Assembly.GetManifestResourceStream("stripe." + type + ".json")
            ?? throw new AssertionException($"no fixture of {type}");
        return new StreamReader(stream).ReadToEnd().TrimEnd('\n');
    }
}
