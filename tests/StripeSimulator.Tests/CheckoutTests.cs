using System.Net;
using Stripe;
using Stripe.Checkout;

namespace Metering.StripeSimulatorTests;

public class CheckoutTests : BillingTest
{
    private const string Sessions = "/v1/checkout/sessions";

    [Test]
    public async Task A_payment_is_completed_by_the_visitor()
    {
        var open = await CreditPackAsync();
        Assert.That((open.Status, open.PaymentStatus, open.AmountTotal), Is.EqualTo(("open", "unpaid", 3000)));
        Assert.That(open.Url, Does.StartWith(ApiBase));
        Assert.That(await GetAsync(new Uri(open.Url).AbsolutePath), Does.Contain("nobody pays"));
        await CompleteAsync(open);
        var paid = await GetAsync<Session>($"{Sessions}/{open.Id}");
        Assert.That((paid.Status, paid.PaymentStatus, paid.CustomerId), Is.EqualTo(("complete", "paid", Ann)));
        Assert.That((paid.ClientReferenceId, paid.Metadata["credits"]), Is.EqualTo(("user-1", "100")));
        Assert.That(paid.PaymentIntentId, Is.Not.Empty);
        Assert.That(await CompleteStatusAsync(open, ""), Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [TestCase(true, "paid")]
    [TestCase(false, "unpaid")]
    public async Task A_payment_that_takes_days_is_settled_later(bool paid, string status)
    {
        var open = await CreditPackAsync();
        await CompleteAsync(open, "{\"delayed\":true}");
        Assert.That((await GetAsync<Session>($"{Sessions}/{open.Id}")).PaymentStatus, Is.EqualTo("unpaid"));
        var settled = await PostAsync($"/simulator/checkout/{open.Id}/settle", paid ? "" : "{\"paid\":false}");
        Assert.That(settled, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That((await GetAsync<Session>($"{Sessions}/{open.Id}")).PaymentStatus, Is.EqualTo(status));
    }

    [Test]
    public async Task An_open_session_expires_after_a_day_or_when_asked()
    {
        var first = await CreditPackAsync();
        Simulator.Advance(TimeSpan.FromDays(1));
        Assert.That((await GetAsync<Session>($"{Sessions}/{first.Id}")).Status, Is.EqualTo("expired"));
        var second = await CreditPackAsync();
        Assert.That((await PostAsync<Session>($"{Sessions}/{second.Id}/expire")).Status, Is.EqualTo("expired"));
        await RefusalAsync(PostAsync<Session>($"{Sessions}/{second.Id}/expire"));
    }

    [Test]
    public async Task A_subscription_begins_when_the_visitor_completes_it()
    {
        var price = Account.AddPrice("1", TokensMeter);
        var open = await PostAsync<Session>(
            Sessions, ("mode", "subscription"), ("line_items", new[] { new Dictionary<string, object> { ["price"] = price.Id } }),
            ("subscription_data[metadata]", new Dictionary<string, object> { ["user"] = "user-1" }));
        Assert.That(Account.AllSubscriptions, Is.Empty);
        await CompleteAsync(open);
        var done = await GetAsync<Session>($"{Sessions}/{open.Id}");
        var begun = Account.AllSubscriptions.Single();
        Assert.That((done.SubscriptionId, done.CustomerId, begun.Metadata["user"]), Is.EqualTo((begun.Id, begun.Customer, "user-1")));
    }

    private Task<Session> CreditPackAsync()
    {
        var product = new Dictionary<string, object> { ["name"] = "100 credits" };
        var price = new Dictionary<string, object> { ["currency"] = "usd", ["unit_amount"] = 1500, ["product_data"] = product };
        return PostAsync<Session>(
            Sessions, ("mode", "payment"), ("customer", Ann), ("client_reference_id", "user-1"), ("success_url", "http://127.0.0.1/ok"),
            ("metadata", new Dictionary<string, string> { ["credits"] = "100" }),
            ("line_items", new[] { new Dictionary<string, object> { ["price_data"] = price, ["quantity"] = 2 } }));
    }

    private async Task CompleteAsync(Session session, string body = "") =>
        Assert.That(await CompleteStatusAsync(session, body), Is.EqualTo(HttpStatusCode.NoContent));

    private Task<HttpStatusCode> CompleteStatusAsync(Session session, string body) =>
        PostAsync($"/simulator/checkout/{session.Id}/complete", body);
}
