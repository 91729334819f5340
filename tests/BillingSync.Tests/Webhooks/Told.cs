using System.Text.Json.Nodes;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>Events as Stripe sends them, with the fields that matter and a few that do not.</summary>
internal static class Told
{
    public const string User = "ann";
    public const string Customer = "cus_ann";
    private static int last;

    /// <summary>A new event; delivered again, it is the same one.</summary>
    public static JsonObject Event(string type, DateTimeOffset at, JsonObject about) => new()
    {
        ["id"] = $"evt_{Interlocked.Increment(ref last)}", ["object"] = "event", ["api_version"] = "2026-07-29.dahlia",
        ["created"] = at.ToUnixTimeSeconds(),
        ["data"] = new JsonObject { ["object"] = about }, ["livemode"] = false, ["type"] = type,
    };

    public static JsonObject Subscription(
        string what, DateTimeOffset at, string status = "active", string price = "price_pro", string? user = User, string id = "sub_1",
        string? lookupKey = null, string product = "prod_any") => Event("customer.subscription." + what, at, new JsonObject
        {
            ["id"] = id, ["object"] = "subscription", ["customer"] = Customer, ["status"] = status, ["metadata"] = Metadata(user),
            ["items"] = new JsonObject { ["object"] = "list", ["data"] = new JsonArray(Item(price, lookupKey, product)) },
        });

    public static JsonObject Invoice(
        string what, DateTimeOffset at, int attempts = 1, bool isLast = false, string id = "in_1", string subscription = "sub_1") => Event(
            "invoice." + what, at, new JsonObject
        {
            ["id"] = id, ["object"] = "invoice", ["customer"] = Customer, ["attempt_count"] = attempts,
            ["next_payment_attempt"] = isLast ? null : at.AddDays(3).ToUnixTimeSeconds(),
            ["parent"] = new JsonObject { ["subscription_details"] = new JsonObject { ["subscription"] = subscription } },
        });

    public static JsonObject Checkout(
        string what, DateTimeOffset at, long cents = 1_500, string currency = "usd", string status = "paid", JsonObject? metadata = null,
        string? customer = Customer, string payment = "pi_1") => Event("checkout.session." + what, at, new JsonObject
        {
            ["id"] = "cs_1", ["object"] = "checkout.session", ["mode"] = "payment", ["customer"] = customer, ["amount_total"] = cents,
            ["currency"] = currency, ["payment_intent"] = payment, ["payment_status"] = status, ["metadata"] = metadata ?? Metadata(User),
        });

    public static JsonObject CustomerUpdated(DateTimeOffset at) => Event(
        "customer.updated", at, new JsonObject { ["id"] = Customer, ["object"] = "customer", ["metadata"] = Metadata(User) });

    public static JsonObject Metadata(string? user) => user is null ? [] : new JsonObject { ["metering_user"] = user };

    private static JsonObject Item(string price, string? lookupKey, string product) => new()
    {
        ["id"] = "si_1",
        ["price"] = new JsonObject { ["id"] = price, ["object"] = "price", ["lookup_key"] = lookupKey, ["product"] = product },
    };
}
