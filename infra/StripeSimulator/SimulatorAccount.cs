using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>How the requests to report an event ended; <see cref="Received"/> is the sum of the others.</summary>
/// <param name="Failed">Answered by a fault, or lost, before anything was recorded.</param>
public sealed record EventCounts(long Received, long Accepted, long Refused, long Replayed, long Failed);

/// <summary>All that one API key sees. Every member takes the lock: requests come at once.</summary>
public sealed class SimulatorAccount
{
    private readonly Lock gate = new();
    private readonly SimulatorOptions options;
    private readonly HashSet<string> deleted = new(StringComparer.Ordinal);
    private readonly List<SimulatorMeter> meters = [];
    private readonly Dictionary<string, Customer> customers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordedEvent> identifiers = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Meter, string Customer), List<RecordedEvent>> counted = [];
    private readonly List<RecordedEvent> events = [];
    private readonly List<AsyncError> errors = [];
    private readonly long[] outcomes = new long[4];
    private readonly long begun;
    private int lastId;
    private long reads;

    internal SimulatorAccount(string key, SimulatorOptions options, Faults faults, Deliveries deliveries)
    {
        this.options = options;
        begun = options.Time.GetUtcNow().ToUnixTimeSeconds();
        Key = key;
        Log = new EventLog(this, options, deliveries);
        Reports = new ErrorReports(this, options);
        Prices = new Prices(this);
        Subscriptions = new Subscriptions(this);
        Invoices = new Invoices(this, options, faults);
        Checkouts = new Checkouts(this, options);
        Keys = new IdempotencyKeys(options);
        Rate = new RateWindow(options);
        foreach (var eventName in options.Meters.Distinct(StringComparer.Ordinal)) AddMeter(eventName);
    }

    public string Key { get; }

    public EventCounts Counts
    {
        get { lock (gate) return new(outcomes.Sum(), outcomes[0], outcomes[1], outcomes[2], outcomes[3]); }
    }

    public IReadOnlyList<RecordedEvent> Events
    {
        get { lock (gate) return [.. events]; }
    }

    public IReadOnlyList<AsyncError> AsyncErrors
    {
        get { lock (gate) return [.. errors]; }
    }

    public IReadOnlyList<SimulatorMeter> Meters
    {
        get { lock (gate) return [.. meters]; }
    }

    /// <summary>As of now; what is a draft still changes.</summary>
    public IReadOnlyList<SimulatorInvoice> AllInvoices => Invoices.All;

    public IReadOnlyList<SimulatorSubscription> AllSubscriptions => Subscriptions.All;

    /// <summary>How many GET requests it has answered: the real service wants few of them for each payment.</summary>
    public long Reads => Interlocked.Read(ref reads);

    internal Lock Gate => gate;
    internal Agenda Agenda { get; } = new();
    internal EventLog Log { get; }
    internal ErrorReports Reports { get; }
    internal Prices Prices { get; }
    internal Subscriptions Subscriptions { get; }
    internal Invoices Invoices { get; }
    internal Checkouts Checkouts { get; }
    internal IdempotencyKeys Keys { get; }
    internal RateWindow Rate { get; }
    internal Leases Leases { get; } = new();
    internal bool Livemode => Key.Contains("_live_", StringComparison.Ordinal);

    internal IReadOnlyList<Customer> Customers
    {
        get { lock (gate) return [.. customers.Values]; }
    }

    internal DateTimeOffset Now => options.Time.GetUtcNow();

    internal DateTimeOffset WholeSecond => DateTimeOffset.FromUnixTimeSeconds(Now.ToUnixTimeSeconds());

    /// <summary>All that counts of a customer for an event name, whenever it was, in full digits.</summary>
    public Exact Total(string eventName, string customer)
    {
        lock (gate)
            return meters.Where(m => m.EventName == eventName)
                .Aggregate(Exact.Zero, (sum, m) => sum + m.Aggregate(CountedOf(m, customer).Where(e => e.Counts)));
    }

    public string AddCustomer(
        string? id = null, string? name = null, string? email = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        lock (gate)
        {
            metadata ??= new Dictionary<string, string>();
            var customer = new Customer(id ?? NextId("cus"), name, email, Now.ToUnixTimeSeconds(), metadata);
            customers[customer.Id] = customer;
            deleted.Remove(customer.Id);
            Log.Tell("customer.created", customer.ToJson(Livemode), Now);
            return customer.Id;
        }
    }

    public SimulatorMeter AddMeter(
        string eventName, string? displayName = null, string formula = "sum", string? eventTimeWindow = null,
        string customerKey = "stripe_customer_id", string valueKey = "value")
    {
        lock (gate)
        {
            if (ActiveMeter(eventName) is not null)
                throw Errors.Invalid($"There is already an active meter with event name \"{eventName}\".", "event_name", saved: true);
            var meter = new SimulatorMeter
            {
                Id = NextId("mtr"), EventName = eventName, DisplayName = displayName ?? eventName, Formula = formula,
                EventTimeWindow = eventTimeWindow, CustomerKey = customerKey, ValueKey = valueKey,
                Created = Now.ToUnixTimeSeconds(), Updated = Now.ToUnixTimeSeconds(),
            };
            meters.Add(meter);
            Log.Tell("billing.meter.created", meter.ToJson(Livemode), Now);
            return meter;
        }
    }

    internal SimulatorMeter? FindMeter(string id)
    {
        lock (gate) return meters.Find(m => m.Id == id);
    }

    internal SimulatorMeter? ActiveMeter(string eventName)
    {
        lock (gate) return meters.Find(m => m.Active && m.EventName == eventName);
    }

    internal Customer? FindCustomer(string id)
    {
        lock (gate) return customers.GetValueOrDefault(id);
    }

    internal bool IsDeleted(string customer)
    {
        lock (gate) return deleted.Contains(customer);
    }

    /// <summary>The id of a customer that may be billed.</summary>
    internal string CustomerFor(string id)
    {
        lock (gate)
        {
            if (options.AnyCustomer && !customers.ContainsKey(id) && !deleted.Contains(id)) AddCustomer(id);
            return customers.ContainsKey(id) ? id : throw Errors.Invalid($"No such customer: '{id}'", "customer", "resource_missing");
        }
    }

    internal Customer Change(Customer customer)
    {
        lock (gate)
        {
            customers[customer.Id] = customer;
            Log.Tell("customer.updated", customer.ToJson(Livemode), Now);
            return customer;
        }
    }

    /// <summary>Its subscriptions end at once, and usage that comes for it is dropped.</summary>
    internal bool DeleteCustomer(string id)
    {
        lock (gate)
        {
            if (!customers.Remove(id, out var customer)) return false;
            deleted.Add(id);
            Subscriptions.CancelAllOf(id, Now);
            Log.Tell("customer.deleted", customer.ToJson(Livemode), Now);
            return true;
        }
    }

    internal void Change(SimulatorMeter meter, string type, Action<SimulatorMeter> change)
    {
        lock (gate)
        {
            change(meter);
            meter.Updated = Now.ToUnixTimeSeconds();
            Log.Tell(type, meter.ToJson(Livemode), Now);
        }
    }

    /// <summary>Does what has become due: periods that end, invoices that become final, reports of errors.</summary>
    internal void CatchUp()
    {
        lock (gate) Agenda.CatchUp(Now);
    }

    internal void CountRead() => Interlocked.Increment(ref reads);

    internal void Tally(Outcome outcome)
    {
        lock (gate) outcomes[(int)outcome]++;
    }

    /// <summary>The one place where an event comes to count: once per identifier, for as long as identifiers are remembered.</summary>
    internal RecordedEvent Record(RecordedEvent given)
    {
        lock (gate)
        {
            if (IsRemembered(given.Identifier)) throw Errors.Duplicate(given.Identifier);
            var recorded = given with { Dropped = given.Dropped ?? WhyDropped(given) };
            identifiers[recorded.Identifier] = recorded;
            events.Add(recorded);
            if (recorded.Dropped is { } code) Drop(recorded, code);
            else if (recorded.Meter is { } meter) CountedOf(meter, recorded.Customer).Add(recorded);
            return recorded;
        }
    }

    /// <summary>A recorded event is gone, as if the service had lost it; its identifier stays taken, and nobody is told.</summary>
    public bool Lose(string identifier)
    {
        lock (gate)
        {
            if (!identifiers.TryGetValue(identifier, out var found) || !found.Counts) return false;
            found.Lost = true;
            return true;
        }
    }

    /// <summary>An event of any type, also of one that nothing here makes; a thin one has <paramref name="about"/> as its data.</summary>
    public void Tell(string type, JsonObject about, bool thin = false)
    {
        if (thin) Log.TellThin(type, about, null, Now);
        else Log.Tell(type, about, Now);
    }

    /// <summary>A customer's subscription to prices (see <see cref="AddPrice"/>), from now on.</summary>
    public SimulatorSubscription Subscribe(string customer, params SimulatorPrice[] prices) =>
        Subscriptions.Start(CustomerFor(customer), [.. prices.Select(p => Subscriptions.NewItem(p, 1))]);

    /// <summary>A price per unit of a meter, or, without a meter, per period in advance. Amounts in the currency's smallest unit.</summary>
    public SimulatorPrice AddPrice(string unitAmount, SimulatorMeter? meter = null, string interval = "month", string currency = "usd") =>
        Prices.Add(id => new SimulatorPrice(id, currency, Exact.Parse(unitAmount))
        {
            Meter = meter?.Id, Interval = interval, Created = Now.ToUnixTimeSeconds(),
        });

    internal void Cancel(string eventName, string identifier)
    {
        lock (gate)
        {
            if (!identifiers.TryGetValue(identifier, out var found) || found.EventName != eventName || !IsWithinADay(found))
                throw Errors.Invalid(
                    $"No event of the last 24 hours found with identifier {identifier}.", "cancel[identifier]", saved: true);
            if (found.Cancelled) throw Errors.Invalid($"The event with identifier {identifier} is already cancelled.", saved: true);
            found.Cancelled = true;
        }
    }

    /// <summary>What summaries may show: what counts and arrived long enough ago, in the order of arrival.</summary>
    internal List<RecordedEvent> Visible(SimulatorMeter meter, string customer, long from, long to, TimeSpan? lag = null)
    {
        lock (gate)
            return [.. CountedOf(meter, customer)
                .Where(e => e.Counts && e.Timestamp >= from && e.Timestamp < to && e.Received <= Now - (lag ?? LagOf(e)))];
    }

    /// <summary>What an invoice sums: timestamps in [from, to), arrived before the moment given.</summary>
    internal List<RecordedEvent> Used(
        SimulatorMeter meter, string customer, DateTimeOffset from, DateTimeOffset to, DateTimeOffset receivedBefore)
    {
        var (first, end) = (from.ToUnixTimeSeconds(), to.ToUnixTimeSeconds());
        lock (gate)
            return [.. CountedOf(meter, customer)
                .Where(e => e.Counts && e.Timestamp >= first && e.Timestamp < end && e.Received < receivedBefore)];
    }

    internal IReadOnlyList<(SimulatorMeter Meter, string Customer, Exact Total)> Totals()
    {
        lock (gate)
            return [.. from pair in counted
                       let meter = meters.Find(m => m.Id == pair.Key.Meter)!
                       orderby pair.Key.Customer, meter.EventName
                       select (meter, pair.Key.Customer, meter.Aggregate(pair.Value.Where(e => e.Counts)))];
    }

    private bool IsRemembered(string identifier) =>
        identifiers.TryGetValue(identifier, out var earlier) && options.Time.GetUtcNow() - earlier.Received < options.IdentifierMemory;

    private bool IsWithinADay(RecordedEvent recorded) => options.Time.GetUtcNow() - recorded.Received < TimeSpan.FromHours(24);

    private string? WhyDropped(RecordedEvent given)
    {
        if (given.Meter is null) return meters.Exists(m => m.EventName == given.EventName) ? "archived_meter" : "no_meter";
        if (options.AnyCustomer && !customers.ContainsKey(given.Customer) && !deleted.Contains(given.Customer)) AddCustomer(given.Customer);
        return customers.ContainsKey(given.Customer) ? null : "meter_event_customer_not_found";
    }

    private void Drop(RecordedEvent recorded, string code)
    {
        errors.Add(ToError(recorded, code));
        Reports.Add(errors[^1], recorded.Meter ?? meters.FindLast(m => m.EventName == recorded.EventName));
    }

    /// <summary>Where lags vary, each event has its own part of the longest, always the same one.</summary>
    private TimeSpan LagOf(RecordedEvent e) =>
        options.SummaryLagVaries
            ? options.SummaryLag * (e.Identifier.Aggregate(17u, (hash, c) => (hash * 31) + c) % 1000 / 1000.0)
            : options.SummaryLag;

    private static AsyncError ToError(RecordedEvent e, string code) =>
        new(code, e.Identifier, e.IdempotencyKey, e.EventName, e.Customer, e.Received);

    private List<RecordedEvent> CountedOf(SimulatorMeter meter, string customer)
    {
        if (!counted.TryGetValue((meter.Id, customer), out var list)) counted[(meter.Id, customer)] = list = [];
        return list;
    }

    /// <summary>Unlike those of an earlier run, as who receives events may remember their ids.</summary>
    internal string NextId(string prefix) => $"{prefix}_sim{begun:x}{Interlocked.Increment(ref lastId):D8}";
}
