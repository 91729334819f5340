namespace Metering.StripeSimulator;

/// <summary>How the requests to report an event ended; <see cref="Received"/> is the sum of the others.</summary>
/// <param name="Failed">Answered by a fault, or lost, before anything was recorded.</param>
public sealed record EventCounts(long Received, long Accepted, long Refused, long Replayed, long Failed);

/// <summary>All that one API key sees. Every member takes the lock: requests come at once.</summary>
public sealed class SimulatorAccount
{
    private readonly Lock gate = new();
    private readonly SimulatorOptions options;
    private readonly List<SimulatorMeter> meters = [];
    private readonly Dictionary<string, Customer> customers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordedEvent> identifiers = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Meter, string Customer), List<RecordedEvent>> counted = [];
    private readonly List<RecordedEvent> events = [];
    private readonly List<AsyncError> errors = [];
    private readonly long[] outcomes = new long[4];
    private int lastId;

    internal SimulatorAccount(string key, SimulatorOptions options)
    {
        this.options = options;
        Key = key;
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

    internal IdempotencyKeys Keys { get; }
    internal RateWindow Rate { get; }
    internal Leases Leases { get; } = new();
    internal bool Livemode => Key.Contains("_live_", StringComparison.Ordinal);

    internal IReadOnlyList<Customer> Customers
    {
        get { lock (gate) return [.. customers.Values]; }
    }

    private long Now => options.Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>All that counts of a customer for an event name, whenever it was, in full digits.</summary>
    public Exact Total(string eventName, string customer)
    {
        lock (gate)
            return meters.Where(m => m.EventName == eventName)
                .Aggregate(Exact.Zero, (sum, m) => sum + m.Aggregate(CountedOf(m, customer).Where(e => e.Counts)));
    }

    public string AddCustomer(string? id = null, string? name = null, string? email = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        lock (gate)
        {
            var customer = new Customer(id ?? NextId("cus"), name, email, Now, metadata ?? new Dictionary<string, string>());
            customers[customer.Id] = customer;
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
                EventTimeWindow = eventTimeWindow, CustomerKey = customerKey, ValueKey = valueKey, Created = Now, Updated = Now,
            };
            meters.Add(meter);
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

    internal void Change(SimulatorMeter meter, Action<SimulatorMeter> change)
    {
        lock (gate)
        {
            change(meter);
            meter.Updated = Now;
        }
    }

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
            if (recorded.Dropped is { } code) errors.Add(ToError(recorded, code));
            else CountedOf(recorded.Meter!, recorded.Customer).Add(recorded);
            return recorded;
        }
    }

    internal void Cancel(string eventName, string identifier)
    {
        lock (gate)
        {
            if (!identifiers.TryGetValue(identifier, out var found) || found.EventName != eventName || !IsWithinADay(found))
                throw Errors.Invalid($"No event of the last 24 hours found with identifier {identifier}.", "cancel[identifier]", saved: true);
            if (found.Cancelled) throw Errors.Invalid($"The event with identifier {identifier} is already cancelled.", saved: true);
            found.Cancelled = true;
        }
    }

    /// <summary>What summaries may show: what counts and arrived long enough ago, in the order of arrival.</summary>
    internal List<RecordedEvent> Visible(SimulatorMeter meter, string customer, long from, long to)
    {
        var latest = options.Time.GetUtcNow() - options.SummaryLag;
        lock (gate)
            return [.. CountedOf(meter, customer).Where(e => e.Counts && e.Timestamp >= from && e.Timestamp < to && e.Received <= latest)];
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
        if (given.Meter is null) return "no_meter";
        if (options.AnyCustomer && !customers.ContainsKey(given.Customer)) AddCustomer(given.Customer);
        return customers.ContainsKey(given.Customer) ? null : "meter_event_customer_not_found";
    }

    private static AsyncError ToError(RecordedEvent e, string code) =>
        new(code, e.Identifier, e.IdempotencyKey, e.EventName, e.Customer, e.Received);

    private List<RecordedEvent> CountedOf(SimulatorMeter meter, string customer)
    {
        if (!counted.TryGetValue((meter.Id, customer), out var list)) counted[(meter.Id, customer)] = list = [];
        return list;
    }

    private string NextId(string prefix) => $"{prefix}_sim{++lastId:D8}";
}

/// <summary>The accounts, one for each API key, made at first sight.</summary>
internal sealed class Accounts(SimulatorOptions options)
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, SimulatorAccount> byKey = new(StringComparer.Ordinal);

    internal IEnumerable<SimulatorAccount> All => byKey.Values.OrderBy(a => a.Key, StringComparer.Ordinal);

    internal SimulatorAccount Of(string key) => byKey.GetOrAdd(key, k => new SimulatorAccount(k, options));

    internal SimulatorAccount Authorize(string header)
    {
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw Errors.NoKey();
        var key = header["Bearer ".Length..].Trim();
        return IsKey(key) ? Of(key) : throw Errors.BadKey(key);
    }

    /// <summary>Keys are shown by their ends only: somebody may point a client with a real one here.</summary>
    internal static string Mask(string key) => key.Length <= 12 ? key : key[..8] + "…" + key[^4..];

    private static bool IsKey(string key)
    {
        var parts = key.Split('_', 3);
        return parts is [("sk" or "rk"), ("test" or "live"), _]
            && parts[2].Length > 0 && parts[2].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}
