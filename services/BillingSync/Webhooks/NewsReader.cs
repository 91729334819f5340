using System.Globalization;
using System.Text.Json;
using Metering.BillingSync.Ops;

namespace Metering.BillingSync.Webhooks;

/// <summary>
/// Reads the few fields that matter out of an event's JSON. Not by the SDK's types: an endpoint pinned to another API version must not fail
/// on fields that nobody asked for, and some have moved between versions.
/// </summary>
public sealed class NewsReader(AccountPolicy policy)
{
    /// <summary>In the metadata of a subscription, a customer or a checkout session: the user that it is for.</summary>
    public const string UserKey = "metering_user";

    private const string AmountKey = "metering_amount";
    private const string UnitKey = "metering_unit";

    /// <summary>What the event says; none: nothing that matters here.</summary>
    /// <exception cref="FormatException">It is no event, or lacks what each of its kind has.</exception>
    public News? Read(JsonElement body)
    {
        var (type, about) = (body.Text("type"), body.Need("data").Need("object"));
        var of = new Envelope(body.Text("id"), type, DateTimeOffset.FromUnixTimeSeconds(body.Number("created")));
        return type switch
        {
            _ when type.StartsWith("customer.subscription.", StringComparison.Ordinal) =>
                Of(of, about.Text("customer", "id")) with { Subscription = Subscription(about) },
            "invoice.payment_failed" => Invoice(of, about, StandingOf(about)),
            "invoice.paid" or "invoice.payment_succeeded" or "invoice.voided" => Invoice(of, about, InvoiceStanding.Settled),
            "checkout.session.completed" or "checkout.session.async_payment_succeeded" => Checkout(of, about),
            "customer.created" or "customer.updated" when UserIn(about) is { } user => Of(of, about.Text("id")) with { User = user },
            _ => null,
        };
    }

    /// <summary>A subscription as Stripe has it.</summary>
    public SubscriptionNews Subscription(JsonElement about)
    {
        var prices = (about.Find("items")?.Find("data")).List().Select(item => item.Need("price")).ToList();
        return new SubscriptionNews(
            about.Text("id"), about.Text("status"), string.Join(' ', prices.Select(price => price.Text("id"))),
            prices.Select(PlanOf).FirstOrDefault(plan => plan is not null), UserIn(about));
    }

    /// <summary>The user in an object's metadata; none if there is none, or it can be no user's id.</summary>
    public static string? UserIn(JsonElement about) => Metadata(about, UserKey) is { } user && Asked.IsUser(user) ? user : null;

    private string? PlanOf(JsonElement price) =>
        new[] { price.Text("id"), price.TextOrNone("lookup_key"), price.TextOrNone("product", "id") }.OfType<string>()
        .Select(name => policy.Plans.GetValueOrDefault(name)).FirstOrDefault(plan => plan is not null);

    private InvoiceStanding StandingOf(JsonElement invoice)
    {
        if (policy.SuspendAfter == 0) return InvoiceStanding.Failing;
        var isLast = invoice.Find("next_payment_attempt") is null;
        return isLast || invoice.Number("attempt_count") >= policy.SuspendAfter ? InvoiceStanding.Owed : InvoiceStanding.Failing;
    }

    // what an invoice says of its subscription was its own field once
    private static News? Invoice(Envelope of, JsonElement about, InvoiceStanding standing)
    {
        if (about.TextOrNone("customer", "id") is not { } customer) return null;
        var details = about.Find("parent")?.Find("subscription_details") ?? about.Find("subscription_details");
        var subscription = details?.TextOrNone("subscription", "id") ?? about.TextOrNone("subscription", "id");
        if (subscription is null) return null;
        var user = details is { } own ? UserIn(own) : null;
        return Of(of, customer) with { Invoice = new InvoiceNews(about.Text("id"), standing, subscription, user) };
    }

    private News? Checkout(Envelope of, JsonElement about)
    {
        var subject = about.TextOrNone("customer", "id") ?? about.Text("id");
        if (about.TextOrNone("mode") == "subscription") return UserIn(about) is { } user ? Of(of, subject) with { User = user } : null;
        return PaymentIn(about) is { } payment ? Of(of, subject) with { Payment = payment } : null;
    }

    /// <summary>A payment that says nothing of metering is for something else, and one that takes days has not come yet.</summary>
    private PaymentNews? PaymentIn(JsonElement about)
    {
        var isOurs = (Metadata(about, UserKey) ?? Metadata(about, AmountKey) ?? Metadata(about, UnitKey)) is not null;
        var isPaid = about.TextOrNone("mode") == "payment" && about.TextOrNone("payment_status") is "paid" or "no_payment_required";
        if (!isOurs || !isPaid) return null;
        var (unit, amount) = Worth(about);
        return amount < 1 ? null : new(about.TextOrNone("payment_intent", "id") ?? about.Text("id"), unit, amount, UserIn(about));
    }

    private (string Unit, long Amount) Worth(JsonElement about)
    {
        var credit = policy.CreditOf(about.TextOrNone("currency") ?? "");
        var unit = Metadata(about, UnitKey) ?? credit.Unit;
        if (Metadata(about, AmountKey) is { } stated)
            return long.TryParse(stated, NumberStyles.None, CultureInfo.InvariantCulture, out var amount)
                ? (unit, amount)
                : throw new FormatException($"metadata.{AmountKey} is '{stated}'; expected a whole number of the unit");
        return (unit, checked(about.Number("amount_total") * credit.PerSmallestUnit));
    }

    private static string? Metadata(JsonElement about, string key) => about.Find("metadata")?.TextOrNone(key);

    private static News Of(Envelope of, string subject) => new(of.Id, subject, of.Type, of.Created);

    private readonly record struct Envelope(string Id, string Type, DateTimeOffset Created);
}
