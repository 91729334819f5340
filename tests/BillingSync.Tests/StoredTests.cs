using System.Text;
using System.Text.Json;
using Metering.BillingSync.Reports;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>
/// What streams hold is frozen: contracts/fixtures/billing has one file per stored name, of exactly the bytes that are written.
/// </summary>
public sealed class StoredTests
{
    private const string Id = "metering-0123456789abcdef0123456789abcdef01234567";

    private static readonly BillingEvent[] Events =
    [
        new TotalsTaken(Now, Source(10), 10, 1, Start, End, true, [new LineTotal("chat", Meter, "usage", 1000, 1_234_567, 1_234)], Customer),
        new ReportPlanned(Now, Id, 1, "chat", 2, PlanReason.PeriodClosed, Source(10), Meter, "-1234", Timestamp, Customer),
        new ReportLinked(Now, Id, Customer),
        new ReportSent(Now, Id, 2, Id + "#2", AttemptEnd.NotTaken),
        new ReportAccepted(Now, Id, true),
        new ReportRejected(Now, Id, "no_meter", "No active meter found"),
        new ReportTurnedAway(Now, Id, 1, "api_key_expired", "Expired API Key provided"),
        new ReportDoubted(Now, Id, "identifier_expired", "Stripe may have forgotten the identifier"),
        new ReportMissedWindow(Now, Id),
        new ReportMissing(Now, Id, "Stripe's summary is 1,234 short"),
        new ReportConfirmed(Now, Id),
        new CarriedForward(Now, 1, 3, "chat", Meter, -50, CarryReason.InvoiceFinal),
    ];

    [TestCaseSource(nameof(Events))]
    public void An_event_is_stored_as_its_fixture(BillingEvent happened)
    {
        var (type, data) = BillingEvents.Encode(happened);
        Assert.That(Encoding.UTF8.GetString(data.Span), Is.EqualTo(Fixture(type)));
    }

    [TestCaseSource(nameof(Events))]
    public void A_fixture_is_read_as_its_event(BillingEvent happened)
    {
        var type = BillingEvents.Encode(happened).Type;
        var read = BillingEvents.Decode(type, Encoding.UTF8.GetBytes(Fixture(type)));
        Assert.That(read, Is.TypeOf(happened.GetType()));
        Assert.That(Encoding.UTF8.GetString(BillingEvents.Encode(read).Data.Span), Is.EqualTo(Fixture(type)));
    }

    [Test]
    public void Every_stored_name_has_its_fixture() =>
        Assert.That(Events.Select(happened => BillingEvents.Encode(happened).Type), Is.EquivalentTo(BillingEvents.Names));

    [Test]
    public void An_unlinked_report_has_no_customer_at_all() =>
        Assert.That(Encoding.UTF8.GetString(BillingEvents.Encode(Planned(1, 10, false, "1", null)).Data.Span), Does.Not.Contain("customer"));

    [Test]
    public void Only_a_running_period_says_until_when_it_counts()
    {
        var (_, data) = BillingEvents.Encode(Taken(10, false, 700) with { SliceEnd = Now });
        Assert.That(Encoding.UTF8.GetString(data.Span), Does.Contain("\"slice_end\":\"2026-11-01T00:05:00+00:00\""));
        Assert.That(Encoding.UTF8.GetString(BillingEvents.Encode(Taken(10, false, 700)).Data.Span), Does.Not.Contain("slice_end"));
    }

    [Test]
    public void An_unknown_type_stops_the_reader() =>
        Assert.That(() => BillingEvents.Decode("report_paid.v1", "{}"u8), Throws.InvalidOperationException.With.Message.Contains("report_paid.v1"));

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("""{"at":"2026-11-01T00:05:00+00:00","identifier":"x","duplicate":true,"more":1}""")]
    public void Other_data_stops_the_reader(string json) =>
        Assert.That(() => BillingEvents.Decode("report_accepted.v1", Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<JsonException>());

    private static string Fixture(string type)
    {
        using var stream = typeof(StoredTests).Assembly.GetManifestResourceStream(type + ".json") ?? throw new AssertionException($"no fixture of {type}");
        return new StreamReader(stream).ReadToEnd().TrimEnd('\n');
    }
}
