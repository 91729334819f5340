using Stripe;
using Stripe.Events;
using Stripe.V2.Core;

namespace Metering.StandinsTests.Stripe;

/// <summary>Thin events as the package reads them: run against the genuine one too. Fetching them is tested with the simulator.</summary>
public class EventNotificationTests
{
    private const string Secret = "whsec_test";
    private const string Body = """
        {"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2026-11-20T12:00:40.000Z",
        "livemode":false,"context":null,"reason":null,
        "related_object":{"id":"mtr_1","type":"billing.meter","url":"/v1/billing/meters/mtr_1"}}
        """;

    private readonly StripeClient client = new("sk_test_tests");

    [Test]
    public void A_notification_is_of_the_type_that_it_names()
    {
        var read = (V1BillingMeterErrorReportTriggeredEventNotification)client.ParseEventNotification(Body, Header(Body), Secret);
        Assert.Multiple(() =>
        {
            Assert.That((read.Id, read.Type, read.Livemode), Is.EqualTo(("evt_1", "v1.billing.meter.error_report_triggered", false)));
            Assert.That(read.Created, Is.EqualTo(new DateTime(2026, 11, 20, 12, 0, 40, DateTimeKind.Utc)));
            Assert.That((read.RelatedObject.Id, read.RelatedObject.Url), Is.EqualTo(("mtr_1", "/v1/billing/meters/mtr_1")));
            Assert.That(read.Reason, Is.Null);
        });
    }

    [Test]
    public void Without_a_related_object_it_has_none() => Assert.That(
        EventNotification.FromJson(Body.Replace("error_report_triggered", "no_meter_found", StringComparison.Ordinal), client),
        Is.TypeOf<V1BillingMeterNoMeterFoundEventNotification>());

    [Test]
    public void One_of_a_type_never_heard_of_is_still_a_notification()
    {
        var read = EventNotification.FromJson("""{"id":"evt_1","object":"v2.core.event","type":"v9.not.yet.invented"}""", client);
        Assert.That((read.Id, read.Type), Is.EqualTo(("evt_1", "v9.not.yet.invented")));
    }

    [Test]
    public void A_wrong_signature_is_refused() =>
        Assert.Throws<StripeException>(() => client.ParseEventNotification(Body, Header(Body + " "), Secret));

    [Test]
    public void An_event_is_not_a_notification()
    {
        const string body = "{\"id\":\"evt_1\",\"object\":\"event\"}";
        Assert.Throws<ArgumentException>(() => client.ParseEventNotification(body, Header(body), Secret));
    }

    private static string Header(string body)
    {
        // no clock can be passed here: the package takes this machine's
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return $"t={now},v1={EventUtility.ComputeSignature(Secret, $"{now}", body)}";
    }
}
