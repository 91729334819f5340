namespace Metering.StripeSimulator;

/// <summary>One call at a time for each customer and meter.</summary>
internal sealed class Leases
{
    private readonly Lock gate = new();
    private readonly HashSet<(string EventName, string Customer)> taken = [];

    internal IDisposable Take(string eventName, string customer)
    {
        lock (gate)
        {
            if (!taken.Add((eventName, customer))) throw Errors.Concurrent();
        }

        return new Lease(this, (eventName, customer));
    }

    private void Return((string EventName, string Customer) pair)
    {
        lock (gate) taken.Remove(pair);
    }

    private sealed class Lease(Leases leases, (string EventName, string Customer) pair) : IDisposable
    {
        public void Dispose() => leases.Return(pair);
    }
}

/// <summary>So many requests in each second of the clock.</summary>
internal sealed class RateWindow(SimulatorOptions options)
{
    private readonly Lock gate = new();
    private long second;
    private int used;

    internal void Take()
    {
        if (options.RateLimit is not { } limit) return;
        var now = options.Time.GetUtcNow().ToUnixTimeSeconds();
        lock (gate)
        {
            if (now != second) (second, used) = (now, 0);
            if (++used > limit) throw Errors.TooFast(options.RateLimitShouldRetry);
        }
    }
}

/// <summary>The first answer of each key, 500s included, for as long as keys are remembered.</summary>
internal sealed class IdempotencyKeys(SimulatorOptions options)
{
    private const int LongestKey = 255;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>The answer to replay, or null if the call is to be carried out and then ended by <see cref="End"/>.</summary>
    internal Answer? Begin(string key, string fingerprint)
    {
        if (key.Length > LongestKey) throw Errors.Invalid($"Idempotency keys are at most {LongestKey} characters long.");
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry) || IsForgotten(entry))
            {
                entries[key] = new Entry(fingerprint, options.Time.GetUtcNow(), null);
                return null;
            }

            if (entry.Fingerprint != fingerprint) throw Errors.KeyReused(key);
            return entry.Answer is { } answer ? answer with { Replayed = true } : throw Errors.KeyInUse(key);
        }
    }

    /// <summary>With no answer the key is free again, as if it had never been used.</summary>
    internal void End(string key, Answer? answer)
    {
        lock (gate)
        {
            if (answer is null) entries.Remove(key);
            else entries[key] = entries[key] with { Answer = answer };
        }
    }

    private bool IsForgotten(Entry entry) =>
        entry.Answer is not null && options.Time.GetUtcNow() - entry.Started >= options.IdempotencyMemory;

    private sealed record Entry(string Fingerprint, DateTimeOffset Started, Answer? Answer);
}
