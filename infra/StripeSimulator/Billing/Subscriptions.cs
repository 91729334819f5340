using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>The subscriptions of an account, and what their periods bring.</summary>
internal sealed class Subscriptions(SimulatorAccount account)
{
    private readonly List<SimulatorSubscription> subscriptions = [];

    internal IReadOnlyList<SimulatorSubscription> All
    {
        get { lock (account.Gate) return [.. subscriptions]; }
    }

    internal JsonObject Create(Call call)
    {
        call.Allow(
            "customer", "items[]", "metadata[]", "billing_cycle_anchor", "billing_mode[]", "cancel_at_period_end", "collection_method",
            "payment_behavior", "proration_behavior", "expand");
        var customer = account.CustomerFor(call.Require("customer"));
        var items = ReadItems(call);
        if (items.Count == 0) throw Errors.Missing("items");
        var mode = call.OneOf("billing_mode[type]", call.Optional("billing_mode[type]") ?? "flexible", "classic", "flexible");
        var anchor = call.Seconds("billing_cycle_anchor") is { } seconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : (DateTimeOffset?)null;
        if (anchor < account.Now) throw Errors.Invalid("The billing_cycle_anchor cannot be in the past.", "billing_cycle_anchor");
        var started = Start(customer, items, call.Map("metadata"), anchor, mode, call.Flag("cancel_at_period_end") ?? false);
        return started.ToJson(account.Livemode);
    }

    internal JsonObject List(Call call)
    {
        call.Allow("customer", "status", "price", "limit", "starting_after", "ending_before", "expand");
        var (customer, status, price) = (call.Optional("customer"), call.Optional("status"), call.Optional("price"));
        var asked = All.Reverse()
            .Where(s => customer is null || s.Customer == customer)
            .Where(s => status is "all" || (status is null ? s.EndedAt is null : s.Status == status))
            .Where(s => price is null || s.Items.Any(i => i.Price.Id == price));
        return Wire.Page(call, asked, s => s.Id, s => s.ToJson(account.Livemode));
    }

    internal JsonObject Get(Call call, string id) => Find(id).ToJson(account.Livemode);

    internal JsonObject Update(Call call, string id)
    {
        call.Allow("items[]", "metadata[]", "cancel_at_period_end", "proration_behavior", "expand");
        lock (account.Gate)
        {
            var found = Running(id);
            var before = found.ToJson(account.Livemode);
            if (call.Indexes("items").Any()) Replace(found, ReadItems(call), account.Now);
            if (call.Map("metadata") is { Count: > 0 } metadata) found.Metadata = Merged(found.Metadata, metadata);
            if (call.Flag("cancel_at_period_end") is { } ends)
                (found.CancelAtPeriodEnd, found.CanceledAt) = (ends, ends ? account.Now : null);
            TellUpdated(found, before, account.Now);
            return found.ToJson(account.Livemode);
        }
    }

    /// <summary>At once. What was used in the running period is billed only if <c>invoice_now</c> says so.</summary>
    internal JsonObject Cancel(Call call, string id)
    {
        call.Allow("invoice_now", "prorate", "expand");
        lock (account.Gate)
        {
            var found = Running(id);
            End(found, account.Now, billed: call.Flag("invoice_now") ?? false);
            return found.ToJson(account.Livemode);
        }
    }

    internal SimulatorSubscription Start(
        string customer, IReadOnlyList<SimulatorItem> items, IReadOnlyDictionary<string, string>? metadata = null,
        DateTimeOffset? anchor = null, string mode = "flexible", bool cancelAtPeriodEnd = false)
    {
        lock (account.Gate)
        {
            var at = account.WholeSecond;
            var started = new SimulatorSubscription
            {
                Id = account.NextId("sub"), Customer = customer, Items = items, BillingMode = mode,
                Created = at, Anchor = anchor ?? at, PeriodStart = at,
                CancelAtPeriodEnd = cancelAtPeriodEnd, CanceledAt = cancelAtPeriodEnd ? at : null,
                Metadata = metadata ?? new Dictionary<string, string>(),
            };
            started.PeriodEnd = started.BoundaryAfter(at);
            subscriptions.Add(started);
            Tell("customer.subscription.created", started, at);
            account.Invoices.First(started, InAdvance(started), at);
            Await(started);
            return started;
        }
    }

    internal void CancelAllOf(string customer, DateTimeOffset at)
    {
        foreach (var running in subscriptions.Where(s => s.Customer == customer && s.EndedAt is null).ToList())
            End(running, at, billed: false);
    }

    internal void Paid(SimulatorInvoice invoice, DateTimeOffset at) => Move(invoice, ["past_due", "incomplete"], "active", at);

    internal void Unpaid(SimulatorInvoice invoice, DateTimeOffset at) =>
        Move(invoice, ["active"], invoice.Reason == SimulatorSubscription.Begins ? "incomplete" : "past_due", at);

    internal SimulatorItem NewItem(SimulatorPrice price, long quantity) => new(account.NextId("si"), price, quantity, account.WholeSecond);

    private static List<Charge> InAdvance(SimulatorSubscription of) =>
        [.. of.Items.Where(i => !i.Price.IsMetered).Select(i => new Charge(i, of.PeriodStart, of.PeriodEnd))];

    private static List<Charge> UsageUntil(SimulatorSubscription of, DateTimeOffset end) =>
        [.. of.Replaced, .. of.Items.Where(i => i.Price.IsMetered).Select(i => new Charge(i, Later(i.From, of.PeriodStart), end))];

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string> before, Dictionary<string, string> given) =>
        before.Where(p => !given.ContainsKey(p.Key)).Concat(given.Where(p => p.Value.Length > 0)).ToDictionary(p => p.Key, p => p.Value);

    private SimulatorSubscription Find(string id) => All.FirstOrDefault(s => s.Id == id) ?? throw Errors.NoSuch("subscription", id);

    private SimulatorSubscription Running(string id) => Find(id) is { EndedAt: null } running
        ? running
        : throw Errors.Invalid($"No such subscription: '{id}'. It is canceled.", "id", "resource_missing", 404, saved: true);

    private List<SimulatorItem> ReadItems(Call call)
    {
        var items = call.Indexes("items").Select(i => ReadItem(call, $"items[{i}]")).ToList();
        if (items.Find(i => i.Price.Interval is null) is { } once)
            throw Errors.Invalid($"The price '{once.Price.Id}' is not recurring.", "items");
        if (items.DistinctBy(i => (i.Price.Currency, i.Price.Interval, i.Price.IntervalCount)).Count() > 1)
            throw Errors.Invalid("All prices of a subscription have one currency and one interval here.", "items");
        return items;
    }

    private SimulatorItem ReadItem(Call call, string name) =>
        NewItem(account.Prices.Find(call.Require(name + "[price]"), name + "[price]"),
            call.Whole(name + "[quantity]", 0, 1_000_000_000) ?? 1);

    /// <summary>
    /// Items are replaced as a whole. Flexible billing still bills the usage of those replaced, classic billing drops it.
    /// </summary>
    private void Replace(SimulatorSubscription found, List<SimulatorItem> items, DateTimeOffset at)
    {
        var until = account.WholeSecond;
        if (found.BillingMode == "flexible")
            found.Replaced.AddRange(UsageUntil(found, until).Except(found.Replaced).Where(c => c.From < c.To));
        found.Items = items;
        if (found.BoundaryAfter(at) == found.PeriodEnd) return;
        found.PeriodEnd = found.BoundaryAfter(at);
        Await(found);
    }

    private void Await(SimulatorSubscription running)
    {
        var end = running.PeriodEnd;
        account.Agenda.Add(end, at =>
        {
            if (running.EndedAt is null && running.PeriodEnd == end) Turn(running, at);
        });
    }

    private void Turn(SimulatorSubscription running, DateTimeOffset at)
    {
        if (running.CancelAtPeriodEnd)
        {
            End(running, at, billed: true);
            return;
        }

        var (before, usage, from) = (running.ToJson(account.Livemode), UsageUntil(running, at), running.PeriodStart);
        (running.PeriodStart, running.PeriodEnd) = (at, running.BoundaryAfter(at));
        running.Replaced.Clear();
        account.Invoices.OfPeriod(running, [.. usage, .. InAdvance(running)], from, at);
        TellUpdated(running, before, at);
        Await(running);
    }

    private void End(SimulatorSubscription running, DateTimeOffset at, bool billed)
    {
        if (billed) account.Invoices.OfPeriod(running, UsageUntil(running, at), running.PeriodStart, at);
        running.Replaced.Clear();
        (running.Status, running.EndedAt) = ("canceled", at);
        running.CanceledAt ??= at;
        Tell("customer.subscription.deleted", running, at);
    }

    private void Move(SimulatorInvoice invoice, string[] from, string to, DateTimeOffset at)
    {
        var found = subscriptions.Find(s => s.Id == invoice.Subscription)!;
        if (!from.Contains(found.Status)) return;
        var before = found.ToJson(account.Livemode);
        found.Status = to;
        TellUpdated(found, before, at);
    }

    private void Tell(string type, SimulatorSubscription about, DateTimeOffset at, JsonObject? previous = null) =>
        account.Log.Tell(type, about.ToJson(account.Livemode), at, previous);

    private void TellUpdated(SimulatorSubscription about, JsonObject before, DateTimeOffset at)
    {
        var now = about.ToJson(account.Livemode);
        var changed = before.Where(p => !JsonNode.DeepEquals(p.Value, now[p.Key]))
            .Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()));
        Tell("customer.subscription.updated", about, at, new JsonObject(changed));
    }
}
