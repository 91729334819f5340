using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>
/// A payment page as its maker sees it: nobody sees a page here, <c>/simulator/checkout/{id}/complete</c> stands for the visitor.
/// </summary>
internal sealed class CheckoutSession
{
    internal required string Id { get; init; }
    internal required string Mode { get; init; }
    internal required string Currency { get; init; }
    internal required DateTimeOffset Created { get; init; }
    internal required IReadOnlyList<(SimulatorPrice Price, long Quantity)> Lines { get; init; }
    internal required string Url { get; init; }
    internal string? Customer { get; set; }
    internal string? Reference { get; init; }
    internal string? SuccessUrl { get; init; }
    internal string? PaymentIntent { get; set; }
    internal string? Subscription { get; set; }
    internal string Status { get; set; } = "open";
    internal string PaymentStatus { get; set; } = "unpaid";
    internal IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
    internal IReadOnlyDictionary<string, string> SubscriptionMetadata { get; init; } = new Dictionary<string, string>();

    internal long Total => Lines.Where(l => !l.Price.IsMetered).Sum(l => l.Price.AmountOf(new Exact(l.Quantity, 0)));

    internal JsonObject ToJson(bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "checkout.session",
        ["amount_subtotal"] = Total,
        ["amount_total"] = Total,
        ["client_reference_id"] = Reference,
        ["created"] = Created.ToUnixTimeSeconds(),
        ["currency"] = Currency,
        ["customer"] = Customer,
        ["expires_at"] = Created.AddDays(1).ToUnixTimeSeconds(),
        ["livemode"] = livemode,
        ["metadata"] = Wire.Map(Metadata),
        ["mode"] = Mode,
        ["payment_intent"] = PaymentIntent,
        ["payment_status"] = PaymentStatus,
        ["status"] = Status,
        ["subscription"] = Subscription,
        ["success_url"] = SuccessUrl,
        ["url"] = Status == "open" ? Url : null,
    };
}

/// <summary>The checkout sessions of an account.</summary>
internal sealed class Checkouts(SimulatorAccount account, SimulatorOptions options)
{
    private readonly List<CheckoutSession> sessions = [];

    internal IReadOnlyList<CheckoutSession> All
    {
        get { lock (account.Gate) return [.. sessions]; }
    }

    internal JsonObject Create(Call call)
    {
        call.Allow(
            "mode", "customer", "client_reference_id", "line_items[]", "metadata[]", "subscription_data[]", "payment_intent_data[]",
            "success_url", "cancel_url", "payment_method_types[]", "expand");
        lock (account.Gate)
        {
            var made = Read(call);
            sessions.Add(made);
            account.Agenda.Add(made.Created.AddDays(1), at => ExpireIfOpen(made, at));
            return made.ToJson(account.Livemode);
        }
    }

    internal JsonObject Get(Call call, string id) => (Find(id) ?? throw Errors.NoSuch("checkout session", id)).ToJson(account.Livemode);

    internal JsonObject Expire(Call call, string id)
    {
        call.Allow("expand");
        lock (account.Gate)
        {
            var found = Find(id) ?? throw Errors.NoSuch("checkout session", id);
            if (found.Status != "open")
                throw Errors.Invalid("Only Checkout Sessions with a status in [\"open\"] can be expired.", saved: true);
            ExpireIfOpen(found, account.Now);
            return found.ToJson(account.Livemode);
        }
    }

    internal CheckoutSession? Find(string id) => All.FirstOrDefault(s => s.Id == id);

    /// <summary>The visitor has paid; or, <paramref name="delayed"/>, has ordered a payment that takes days.</summary>
    internal bool Complete(string id, bool delayed)
    {
        lock (account.Gate)
        {
            if (Find(id) is not { Status: "open" } session) return false;
            session.Customer ??= account.AddCustomer();
            session.Status = "complete";
            session.PaymentStatus = delayed ? "unpaid" : session.Total == 0 ? "no_payment_required" : "paid";
            if (session.Mode == "payment") session.PaymentIntent = account.NextId("pi");
            else session.Subscription = Subscribe(session).Id;
            Tell("checkout.session.completed", session, account.Now);
            return true;
        }
    }

    /// <summary>How a delayed payment ended.</summary>
    internal bool Settle(string id, bool paid)
    {
        lock (account.Gate)
        {
            if (Find(id) is not { Status: "complete", PaymentStatus: "unpaid" } session) return false;
            if (paid) session.PaymentStatus = "paid";
            Tell("checkout.session.async_payment_" + (paid ? "succeeded" : "failed"), session, account.Now);
            return true;
        }
    }

    private CheckoutSession Read(Call call)
    {
        var mode = call.OneOf("mode", call.Require("mode"), "payment", "subscription");
        var lines = ReadLines(call, mode);
        var id = account.NextId("cs");
        return new CheckoutSession
        {
            Id = id,
            Url = $"{options.Origin()}/simulator/checkout/{id}",
            Mode = mode,
            Created = account.WholeSecond,
            Lines = lines,
            Currency = lines[0].Price.Currency,
            Customer = call.Optional("customer") is { } customer ? account.CustomerFor(customer) : null,
            Reference = call.Optional("client_reference_id"),
            SuccessUrl = call.Optional("success_url"),
            Metadata = call.Map("metadata"),
            SubscriptionMetadata = call.Nested("subscription_data", "metadata"),
        };
    }

    private List<(SimulatorPrice Price, long Quantity)> ReadLines(Call call, string mode)
    {
        var lines = call.Indexes("line_items").Select(i => ReadLine(call, $"line_items[{i}]")).ToList();
        if (lines.Count == 0) throw Errors.Missing("line_items");
        return mode != "subscription" || lines.TrueForAll(l => l.Price.Interval is not null)
            ? lines
            : throw Errors.Invalid("A subscription takes recurring prices only here.", "line_items");
    }

    private SimulatorSubscription Subscribe(CheckoutSession session) => account.Subscriptions.Start(
        session.Customer!,
        [.. session.Lines.Select(l => account.Subscriptions.NewItem(l.Price, l.Quantity))],
        session.SubscriptionMetadata);

    private void ExpireIfOpen(CheckoutSession session, DateTimeOffset at)
    {
        if (session.Status != "open") return;
        session.Status = "expired";
        Tell("checkout.session.expired", session, at);
    }

    private (SimulatorPrice Price, long Quantity) ReadLine(Call call, string name)
    {
        var quantity = call.Whole(name + "[quantity]", 1, 1_000_000) ?? 1;
        if (call.Optional(name + "[price]") is { } id) return (account.Prices.Find(id, name + "[price]"), quantity);
        var unit = call.Number(name + "[price_data][unit_amount]") ?? throw Errors.Missing(name + "[price_data][unit_amount]");
        var product = call.Optional(name + "[price_data][product_data][name]") ?? call.Optional(name + "[price_data][product]");
        var currency = call.Require(name + "[price_data][currency]");
        return (account.Prices.Add(made => new SimulatorPrice(made, currency, unit) { Product = product ?? "prod_sim" }), quantity);
    }

    private void Tell(string type, CheckoutSession session, DateTimeOffset at) =>
        account.Log.Tell(type, session.ToJson(account.Livemode), at);
}
