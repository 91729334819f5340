using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>From draft to paid. Usage that arrives for a period whose invoice is final is on no invoice.</summary>
internal sealed class Invoices(SimulatorAccount account, SimulatorOptions options, Faults faults)
{
    private const int MostAttempts = 4;
    private static readonly TimeSpan AttemptsApart = TimeSpan.FromDays(3);
    private readonly List<SimulatorInvoice> invoices = [];

    internal IReadOnlyList<SimulatorInvoice> All
    {
        get
        {
            lock (account.Gate)
            {
                return [.. invoices.Select(UpToDate)];
            }
        }
    }

    internal JsonObject List(Call call)
    {
        call.Allow("customer", "subscription", "status", "limit", "starting_after", "ending_before", "expand");
        var (customer, subscription, status) = (call.Optional("customer"), call.Optional("subscription"), call.Optional("status"));
        lock (account.Gate)
        {
            var asked = invoices.AsEnumerable().Reverse()
                .Where(i => (customer is null || i.Customer == customer) && (subscription is null || i.Subscription == subscription))
                .Where(i => status is null || i.Status == status);
            return Wire.Page(call, asked, i => i.Id, i => UpToDate(i).ToJson(account.Livemode));
        }
    }

    internal JsonObject Get(Call call, string id) => Find(id).ToJson(account.Livemode);

    internal JsonObject Finalize(Call call, string id)
    {
        call.Allow("auto_advance", "expand");
        lock (account.Gate)
        {
            var invoice = Find(id);
            if (invoice.Status != "draft")
                throw Errors.Invalid("This invoice is already finalized.", code: "invoice_not_editable", saved: true);
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

    /// <summary>Of a subscription's first moment: final at once, as there is no usage to wait for.</summary>
    internal void First(SimulatorSubscription of, IReadOnlyList<Charge> charges, DateTimeOffset at) =>
        Finalize(Draft(of, SimulatorSubscription.Begins, charges, at, at, TimeSpan.Zero), at);

    /// <summary>Of a period that has ended: final after the grace.</summary>
    internal void OfPeriod(SimulatorSubscription of, IReadOnlyList<Charge> charges, DateTimeOffset from, DateTimeOffset at)
    {
        var draft = Draft(of, "subscription_cycle", charges, from, at, options.InvoiceGrace);
        account.Agenda.Add(draft.FinalizesAt, due => FinalizeIfDraft(draft, due));
    }

    private SimulatorInvoice Draft(
        SimulatorSubscription of, string reason, IReadOnlyList<Charge> charges, DateTimeOffset from, DateTimeOffset at, TimeSpan grace)
    {
        var draft = new SimulatorInvoice
        {
            Id = account.NextId("in"), Subscription = of.Id, Customer = of.Customer, Currency = of.First.Currency, Reason = reason,
            Created = at, FinalizesAt = at + grace, Charges = charges, PeriodStart = from, PeriodEnd = at,
        };
        invoices.Add(draft);
        of.LatestInvoice = draft.Id;
        draft.Lines = LinesOf(draft, at);
        Tell("invoice.created", draft, at);
        return draft;
    }

    private SimulatorInvoice Find(string id)
    {
        lock (account.Gate) return invoices.Find(i => i.Id == id) is { } found ? UpToDate(found) : throw Errors.NoSuch("invoice", id);
    }

    private SimulatorInvoice UpToDate(SimulatorInvoice invoice)
    {
        if (invoice.Status == "draft") invoice.Lines = LinesOf(invoice, DateTimeOffset.MaxValue);
        return invoice;
    }

    private void FinalizeIfDraft(SimulatorInvoice invoice, DateTimeOffset at)
    {
        if (invoice.Status == "draft") Finalize(invoice, at);
    }

    private void Finalize(SimulatorInvoice invoice, DateTimeOffset at)
    {
        invoice.Lines = LinesOf(invoice, at);
        foreach (var used in invoice.Charges.SelectMany(c => UsedOf(c, invoice.Customer, at))) used.Invoice ??= invoice.Id;
        (invoice.Status, invoice.FinalizedAt) = ("open", at);
        Tell("invoice.finalized", invoice, at);
        Collect(invoice, at);
    }

    private void Collect(SimulatorInvoice invoice, DateTimeOffset at)
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

    private void Fail(SimulatorInvoice invoice, DateTimeOffset at)
    {
        if (invoice.Attempts < MostAttempts)
        {
            invoice.NextAttempt = at + AttemptsApart;
            account.Agenda.Add(invoice.NextAttempt.Value, due => Collect(invoice, due));
        }

        Tell("invoice.payment_failed", invoice, at);
        account.Subscriptions.Unpaid(invoice, at);
    }

    private List<InvoiceLine> LinesOf(SimulatorInvoice invoice, DateTimeOffset receivedBefore) =>
        [.. invoice.Charges.Select((charge, i) =>
            LineOf($"il_{invoice.Id[3..]}_{i}", charge, UsedOf(charge, invoice.Customer, receivedBefore)))];

    private InvoiceLine LineOf(string id, Charge charge, List<RecordedEvent> used)
    {
        var meter = MeterOf(charge);
        var quantity = meter is null ? new Exact(charge.Item.Quantity, 0) : meter.Aggregate(used);
        return new InvoiceLine(id, charge.Item, charge.From, charge.To, quantity, [.. used.Select(e => e.Identifier)]);
    }

    private List<RecordedEvent> UsedOf(Charge charge, string customer, DateTimeOffset receivedBefore) =>
        MeterOf(charge) is { } meter ? account.Used(meter, customer, charge.From, charge.To, receivedBefore) : [];

    private SimulatorMeter? MeterOf(Charge charge) => charge.Item.Price.Meter is { } id ? account.FindMeter(id) : null;

    private void Tell(string type, SimulatorInvoice invoice, DateTimeOffset at) =>
        account.Log.Tell(type, invoice.ToJson(account.Livemode), at);
}
