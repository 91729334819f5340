using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>From draft to paid. Usage that arrives for a period whose invoice is final is on no invoice.</summary>
internal sealed class Invoices(SimulatorAccount account, SimulatorOptions options, Faults faults)
{
    private const int MostAttempts = 4;
    private static readonly TimeSpan AttemptsApart = TimeSpan.FromDays(3);
    private readonly List<Invoice> invoices = [];

    /// <summary>Copies nothing: what is shown is as of the moment it is read.</summary>
    internal IReadOnlyList<Invoice> All
    {
        get
        {
            lock (account.Gate)
            {
                foreach (var draft in invoices.Where(i => i.Status == "draft")) draft.Lines = LinesOf(draft, DateTimeOffset.MaxValue);
                return [.. invoices];
            }
        }
    }

    internal JsonObject List(Call call)
    {
        call.Allow("customer", "subscription", "status", "limit", "starting_after", "ending_before", "expand");
        var (customer, subscription, status) = (call.Optional("customer"), call.Optional("subscription"), call.Optional("status"));
        return Wire.Page(call, All.Reverse()
            .Where(i => (customer is null || i.Customer == customer) && (subscription is null || i.Subscription == subscription))
            .Where(i => status is null || i.Status == status)
            .Select(i => (i.Id, i.ToJson(account.Livemode))));
    }

    internal JsonObject Get(Call call, string id) => Find(id).ToJson(account.Livemode);

    internal JsonObject Finalize(Call call, string id)
    {
        call.Allow("auto_advance", "expand");
        lock (account.Gate)
        {
            var invoice = Find(id);
            if (invoice.Status != "draft") throw Errors.Invalid("This invoice is already finalized.", code: "invoice_not_editable", saved: true);
            Finalize(invoice, account.Now);
            return invoice.ToJson(account.Livemode);
        }
    }

    internal JsonObject Pay(Call call, string id)
    {
        call.Allow("expand");
        lock (account.Gate)
        {
            var invoice = Find(id);
            if (invoice.Status == "draft") Finalize(invoice, account.Now);
            else if (invoice.Status == "paid") throw Errors.Invalid("Invoice is already paid", saved: true);
            else Collect(invoice, account.Now);
            return invoice.Status == "paid" ? invoice.ToJson(account.Livemode) : throw Errors.Declined();
        }
    }

    /// <summary>Final at once where nothing is to be waited for, as with the first invoice of a subscription.</summary>
    internal Invoice Draft(Subscription subscription, string reason, IReadOnlyList<Charge> charges, DateTimeOffset at, bool waits)
    {
        var invoice = new Invoice
        {
            Id = account.NextId("in"), Subscription = subscription.Id, Customer = subscription.Customer, Currency = subscription.First.Currency,
            Reason = reason, Created = at, FinalizesAt = waits ? at + options.InvoiceGrace : at, Charges = charges,
            PeriodStart = waits ? subscription.PeriodStart : at, PeriodEnd = at,
        };
        invoices.Add(invoice);
        subscription.LatestInvoice = invoice.Id;
        invoice.Lines = LinesOf(invoice, at);
        Tell("invoice.created", invoice, at);
        if (waits) account.Agenda.Add(invoice.FinalizesAt, due => FinalizeIfDraft(invoice, due));
        else Finalize(invoice, at);
        return invoice;
    }

    private Invoice Find(string id) => All.FirstOrDefault(i => i.Id == id) ?? throw Errors.NoSuch("invoice", id);

    private void FinalizeIfDraft(Invoice invoice, DateTimeOffset at)
    {
        if (invoice.Status == "draft") Finalize(invoice, at);
    }

    private void Finalize(Invoice invoice, DateTimeOffset at)
    {
        invoice.Lines = LinesOf(invoice, at);
        account.Bill(invoice);
        (invoice.Status, invoice.FinalizedAt) = ("open", at);
        Tell("invoice.finalized", invoice, at);
        Collect(invoice, at);
    }

    private void Collect(Invoice invoice, DateTimeOffset at)
    {
        if (invoice.Status != "open") return;
        invoice.NextAttempt = null;
        if (invoice.Total > 0)
        {
            invoice.Attempts++;
            if (faults.TakePayment(invoice.Customer))
            {
                Fail(invoice, at);
                return;
            }
        }

        (invoice.Status, invoice.PaidAt) = ("paid", at);
        Tell("invoice.payment_succeeded", invoice, at);
        Tell("invoice.paid", invoice, at);
        account.Subscriptions.Paid(invoice, at);
    }

    private void Fail(Invoice invoice, DateTimeOffset at)
    {
        if (invoice.Attempts < MostAttempts)
        {
            invoice.NextAttempt = at + AttemptsApart;
            account.Agenda.Add(invoice.NextAttempt.Value, due => Collect(invoice, due));
        }

        Tell("invoice.payment_failed", invoice, at);
        account.Subscriptions.Unpaid(invoice, at);
    }

    private List<InvoiceLine> LinesOf(Invoice invoice, DateTimeOffset receivedBefore) =>
        [.. invoice.Charges.Select((charge, i) => LineOf($"il_{invoice.Id[3..]}_{i}", charge, invoice.Customer, receivedBefore))];

    private InvoiceLine LineOf(string id, Charge charge, string customer, DateTimeOffset receivedBefore)
    {
        var (item, from, to) = charge;
        if (item.Price.Meter is not { } meterId) return new InvoiceLine(id, item, from, to, new Exact(item.Quantity, 0), []);
        var meter = account.FindMeter(meterId)!;
        var events = account.Used(meter, customer, from, to, receivedBefore);
        return new InvoiceLine(id, item, from, to, meter.Aggregate(events), [.. events.Select(e => e.Identifier)]);
    }

    private void Tell(string type, Invoice invoice, DateTimeOffset at) => account.Log.Tell(type, invoice.ToJson(account.Livemode), at);
}
