using System.Text.Json;
using Stripe;
using Stripe.Checkout;

namespace Metering.StandinsTests.Stripe;

/// <summary>Webhooks as the package reads them: run against the genuine one too.</summary>
public class EventUtilityTests
{
    private const string Secret = "whsec_test";
    private const long At = 1_700_000_000;
    private const string Body = """
        {"id":"evt_1","object":"event","api_version":"2026-07-29.dahlia","created":1700000000,"livemode":false,"pending_webhooks":1,
        "request":{"id":"req_1","idempotency_key":"key-1"},"type":"customer.created",
        "data":{"object":{"id":"cus_1","object":"customer","created":1699999999,"metadata":{"user":"u1"}}}}
        """;

    [Test]
    public void A_signature_is_the_hmac_of_time_and_body() => Assert.That(
        EventUtility.ComputeSignature("secret", "1700000000", "{}"),
        Is.EqualTo("b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"));

    [Test]
    public void A_signed_event_is_read()
    {
        var read = EventUtility.ConstructEvent(Body, Header(), Secret, 300, At);
        Assert.Multiple(() =>
        {
            Assert.That((read.Id, read.Type, read.Livemode), Is.EqualTo(("evt_1", EventTypes.CustomerCreated, false)));
            Assert.That(read.Created, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(At).UtcDateTime));
            Assert.That(read.Request.IdempotencyKey, Is.EqualTo("key-1"));
            Assert.That(((Customer)read.Data.Object).Metadata["user"], Is.EqualTo("u1"));
        });
    }

    [TestCase(300, true)]
    [TestCase(-300, true)]
    [TestCase(301, false)]
    [TestCase(-301, false)]
    public void Its_time_may_be_off_by_the_tolerance(int seconds, bool taken) => Assert.That(
        () => EventUtility.ValidateSignature(Body, Header(), Secret, 300, At + seconds),
        taken ? Throws.Nothing : Throws.TypeOf<StripeException>().With.Message.Contains("tolerance"));

    [Test]
    public void Without_a_clock_given_this_machine_s_decides() =>
        Assert.Throws<StripeException>(() => EventUtility.ConstructEvent(Body, Header(), Secret));

    [TestCase("t=1700000000")]
    [TestCase("t=1700000000,v1=00")]
    [TestCase("t=1700000000,v0={v1}")]
    [TestCase("t=1700000001,v1={v1}")]
    [TestCase("v1={v1}")]
    [TestCase("")]
    [TestCase("nonsense")]
    public void Any_other_signature_is_refused(string header) => Assert.Throws<StripeException>(
        () => EventUtility.ValidateSignature(Body, header.Replace("{v1}", Sign(), StringComparison.Ordinal), Secret, 300, At));

    [Test]
    public void One_of_several_signatures_is_enough_while_a_secret_is_being_changed() =>
        Assert.DoesNotThrow(() => EventUtility.ValidateSignature(Body, $"t={At},v1=00, v1={Sign()},v0=11", Secret, 300, At));

    [Test]
    public void A_changed_body_is_refused() =>
        Assert.Throws<StripeException>(() => EventUtility.ConstructEvent(Body + " ", Header(), Secret, 300, At));

    [Test]
    public void Text_that_cannot_be_signed_is_refused() =>
        Assert.Throws<StripeException>(() => EventUtility.ValidateSignature(Body + '\ud802', Header(), Secret, 300, At));

    [TestCase("2026-07-29.dahlia", true)]
    [TestCase("2027-01-01.dahlia", true)]
    [TestCase("2025-03-31.basil", false)]
    [TestCase("2020-08-27", false)]
    public void Another_release_train_is_refused_unless_it_is_asked_for(string version, bool compatible)
    {
        var body = Body.Replace("2026-07-29.dahlia", version, StringComparison.Ordinal);
        Assert.That(EventUtility.IsCompatibleApiVersion(version), Is.EqualTo(compatible));
        Assert.That(
            () => EventUtility.ParseEvent(body),
            compatible ? Throws.Nothing : Throws.TypeOf<StripeException>().With.Message.Contains(version));
        Assert.That(EventUtility.ParseEvent(body, throwOnApiVersionMismatch: false).ApiVersion, Is.EqualTo(version));
    }

    [TestCase("2026-07-29.preview", "2026-07-29.preview", true)]
    [TestCase("2026-07-29.preview", "2026-08-29.preview", false)]
    public void Previews_fit_only_themselves(string sdk, string given, bool compatible) =>
        Assert.That(EventUtility.IsCompatibleApiVersion(sdk, given), Is.EqualTo(compatible));

    [Test]
    public void A_thin_event_is_not_an_event() => Assert.Throws<ArgumentException>(
        () => EventUtility.ParseEvent("{\"id\":\"evt_1\",\"object\":\"v2.core.event\",\"type\":\"v1.billing.meter.no_meter_found\"}"));

    [Test]
    public void What_is_not_json_is_no_stripe_exception() =>
        Assert.That(() => EventUtility.ParseEvent("<html>"), Throws.InstanceOf<JsonException>());

    [Test]
    public void A_subscription_has_its_items_periods_and_prices()
    {
        var read = Of<Subscription>("""
            {"id":"sub_1","object":"subscription","status":"past_due","customer":"cus_1","cancel_at_period_end":true,"ended_at":null,
            "latest_invoice":"in_1","metadata":{},"items":{"object":"list","has_more":false,"data":[{"id":"si_1",
            "object":"subscription_item","current_period_start":1700000000,"current_period_end":1702592000,"subscription":"sub_1",
            "price":{"id":"price_1","object":"price","lookup_key":"pro",
            "product":"prod_1","unit_amount":null,"unit_amount_decimal":"0.5","recurring":{"interval":"month",
            "interval_count":1,"meter":"mtr_1","usage_type":"metered"}}}]}}
            """);
        var item = read.Items.Data[0];
        Assert.Multiple(() =>
        {
            Assert.That((read.Status, read.CustomerId, read.LatestInvoiceId), Is.EqualTo(("past_due", "cus_1", "in_1")));
            Assert.That(read.Customer, Is.Null);
            Assert.That((read.CancelAtPeriodEnd, read.EndedAt), Is.EqualTo((true, (DateTime?)null)));
            Assert.That(item.CurrentPeriodEnd, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(1_702_592_000).UtcDateTime));
            Assert.That((item.Price.LookupKey, item.Price.ProductId, item.Price.Recurring.Meter), Is.EqualTo(("pro", "prod_1", "mtr_1")));
            Assert.That((item.Price.UnitAmount, item.Price.UnitAmountDecimal), Is.EqualTo(((long?)null, 0.5m)));
        });
    }

    [Test]
    public void What_was_expanded_is_there_with_its_id()
    {
        var read = Of<Subscription>("""
            {"id":"sub_1","object":"subscription","customer":{"id":"cus_1","object":"customer","name":"Ann"}}
            """);
        Assert.That((read.CustomerId, read.Customer.Name), Is.EqualTo(("cus_1", "Ann")));
        var copy = StripeEntity.FromJson<Subscription>(read.ToJson());
        Assert.That((copy.CustomerId, copy.Customer.Name), Is.EqualTo(("cus_1", "Ann")));
        copy.CustomerId = "cus_2";
        Assert.That((copy.CustomerId, copy.Customer), Is.EqualTo(("cus_2", (Customer?)null)));
    }

    [Test]
    public void An_invoice_and_a_checkout_session_are_read()
    {
        var invoice = Of<Invoice>("""
            {"id":"in_1","object":"invoice","customer":"cus_1","status":"open","total":5,"attempt_count":1,
            "next_payment_attempt":1700000000,"period_start":1697321600,"period_end":1700000000,
            "parent":{"type":"subscription_details","subscription_details":
            {"subscription":"sub_1"}},"lines":{"object":"list","data":[{"id":"il_1","object":"line_item","amount":5,"quantity":10,
            "quantity_decimal":"10","period":{"start":1697321600,"end":1700000000},"pricing":{"price_details":{"price":"price_1"}}}]}}
            """);
        var line = invoice.Lines.Data[0];
        Assert.That((invoice.CustomerId, invoice.Parent.SubscriptionDetails.SubscriptionId), Is.EqualTo(("cus_1", "sub_1")));
        Assert.That((line.Quantity, line.QuantityDecimal, line.Pricing.PriceDetails.PriceId), Is.EqualTo((10, 10m, "price_1")));
        var session = Of<Session>("""
            {"id":"cs_1","object":"checkout.session","mode":"payment","payment_status":"paid","payment_intent":"pi_1","customer":"cus_1",
            "client_reference_id":"u1","amount_total":3000,"currency":"usd","metadata":{"credits":"100"}}
            """);
        Assert.That((session.PaymentStatus, session.PaymentIntentId, session.ClientReferenceId), Is.EqualTo(("paid", "pi_1", "u1")));
    }

    [Test]
    public void An_object_never_heard_of_is_null() =>
        Assert.That(Parse("""{"id":"x_1","object":"not.yet.invented"}""").Data.Object, Is.Null);

    private static string Sign() => EventUtility.ComputeSignature(Secret, $"{At}", Body);

    private static string Header() => $"t={At},v1={Sign()}";

    private static T Of<T>(string json)
        where T : class => (Parse(json).Data.Object as T)!;

    private static Event Parse(string json) => EventUtility.ParseEvent(
        $$"""{"id":"evt_1","object":"event","api_version":"2026-07-29.dahlia","request":null,"type":"t","data":{"object":{{json}} } }""");
}
