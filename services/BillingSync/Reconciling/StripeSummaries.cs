using System.Net;
using Metering.BillingSync.Sending;
using Stripe;
using Stripe.Billing;

namespace Metering.BillingSync.Reconciling;

/// <summary>What Stripe cannot tell.</summary>
/// <param name="isAway">True if it cannot tell anything now: it is not reached, is too busy, or does not accept the key.</param>
public sealed class StripeUnreadableException(string message, bool isAway, Exception? inner = null) : Exception(message, inner)
{
    public bool IsAway { get; } = isAway;

    /// <summary>True if it does not accept the key.</summary>
    public bool IsRefused => InnerException is StripeException { HttpStatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden };
}

/// <summary>
/// What Stripe has, read by its meter event summaries: without a grouping window, one sum per range. Every request is paid for and spaced.
/// </summary>
public sealed class StripeSummaries : IDisposable
{
    private const int PageMost = 100;
    private const int Tries = 5;

    private readonly HttpClient http;
    private readonly Lazy<StripeClient> client;
    private readonly StripeOptions stripe;
    private readonly ReadBudget budget;
    private readonly TimeProvider clock;
    private readonly Pace pace;

    public StripeSummaries(StripeOptions stripe, ReconcileOptions options, ReadBudget budget, TimeProvider clock)
    {
        (this.stripe, this.budget, this.clock, pace) = (stripe, budget, clock, new Pace(options.ReadsPerSecond, clock));
        http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = stripe.Timeout };
        // who exports to a file needs no key, and asks nothing
        client = new(() => StripeMeters.ClientOf(stripe, http));
    }

    /// <summary>All meters by event name; one that was replaced has several, and all of them are billed.</summary>
    /// <exception cref="ReadsSpentException">The budget is spent.</exception>
    /// <exception cref="StripeUnreadableException">Stripe does not say.</exception>
    public async Task<ILookup<string, Meter>> Meters(CancellationToken cancellation)
    {
        var all = await Pages(
            after => client.Value.V1.Billing.Meters.ListAsync(
                new MeterListOptions { Limit = PageMost, StartingAfter = after }, null, cancellation),
            cancellation);
        return all.ToLookup(meter => meter.EventName, StringComparer.Ordinal);
    }

    /// <summary>What a customer used of a meter within <c>[from, to)</c>, both whole minutes.</summary>
    /// <exception cref="ReadsSpentException">The budget is spent.</exception>
    /// <exception cref="StripeUnreadableException">Stripe does not say, or the meter does not add up.</exception>
    public async Task<decimal> Sum(
        Meter meter, string customer, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        if (meter.DefaultAggregation?.Formula != "sum" || meter.EventTimeWindow is not null)
            throw new StripeUnreadableException($"the Stripe meter {meter.EventName} is no plain sum to compare with", isAway: false);
        var rows = await Pages(
            after => client.Value.V1.Billing.Meters.EventSummaries.ListAsync(
                meter.Id, Asked(customer, from, to, after), null, cancellation),
            cancellation);
        return rows.Sum(row => row.AggregatedValue);
    }

    public void Dispose() => http.Dispose();

    private static MeterEventSummaryListOptions Asked(string customer, DateTimeOffset from, DateTimeOffset to, string? after) =>
        new() { Customer = customer, StartTime = from.UtcDateTime, EndTime = to.UtcDateTime, Limit = PageMost, StartingAfter = after };

    private async Task<List<T>> Pages<T>(Func<string?, Task<StripeList<T>>> ask, CancellationToken cancellation) where T : IHasId
    {
        var all = new List<T>();
        StripeList<T> page;
        do
        {
            page = await Read(() => ask(all.Count == 0 ? null : all[^1].Id), cancellation);
            all.AddRange(page.Data);
        }
        while (page.HasMore && page.Data.Count > 0);
        return all;
    }

    private async Task<T> Read<T>(Func<Task<T>> ask, CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            await budget.Take(cancellation);
            await pace.Take(cancellation);
            SyncMeter.Reads.Add(1);
            try
            {
                return await ask();
            }
            catch (Exception failure) when (failures + 1 < Tries && IsPassing(failure) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(stripe.RetryAfter * (1 << failures), clock, cancellation);
            }
            catch (Exception failure) when (IsOfStripe(failure) && !cancellation.IsCancellationRequested)
            {
                throw new StripeUnreadableException(failure.Message, IsAway(failure), failure);
            }
        }
    }

    private static bool IsPassing(Exception failure) => failure switch
    {
        StripeException answer => (int)answer.HttpStatusCode is 409 or 429 or >= 500 || answer.StripeError is null,
        _ => failure is HttpRequestException or OperationCanceledException,
    };

    private static bool IsOfStripe(Exception failure) => failure is StripeException or HttpRequestException or OperationCanceledException;

    private static bool IsAway(Exception failure) =>
        IsPassing(failure) || failure is StripeException { HttpStatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden };
}
