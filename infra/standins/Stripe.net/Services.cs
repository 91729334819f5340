using System.Net;
using System.Runtime.CompilerServices;
using Stripe.Billing;

namespace Stripe;

public abstract class Service
{
    private IStripeClient client;

    protected Service()
    {
    }

    protected Service(IStripeClient client) => this.client = client;

    public IStripeClient Client
    {
        get => client ?? StripeConfiguration.StripeClient;
        set => client = value;
    }

    internal Task<T> SendAsync<T>(HttpMethod method, string path, BaseOptions options, RequestOptions request, CancellationToken token)
        where T : StripeEntity => Client.RequestAsync<T>(method, path, options, request, token);

    /// <summary>Page after page, forwards, or backwards where the caller said what it wants the end of.</summary>
    internal async IAsyncEnumerable<T> PagesAsync<T, TOptions>(
        string path, TOptions given, RequestOptions request, [EnumeratorCancellation] CancellationToken token)
        where T : IHasId
        where TOptions : ListOptions, new()
    {
        var options = given ?? new TOptions();
        var backwards = options.EndingBefore is not null;
        for (var more = true; more;)
        {
            var page = await SendAsync<StripeList<T>>(HttpMethod.Get, path, options, request, token).ConfigureAwait(false);
            if (backwards) page.Reverse();
            foreach (var item in page) yield return item;
            more = page.HasMore && page.Data.Count > 0;
            if (more) options = Following(options, page.Data[^1].Id, backwards);
        }
    }

    internal static string Part(string id, string name) =>
        string.IsNullOrWhiteSpace(id) ? throw new ArgumentException("An id is required.", name) : WebUtility.UrlEncode(id);

    /// <summary>A copy, as the caller's options are the caller's.</summary>
    private static TOptions Following<TOptions>(TOptions options, string id, bool backwards)
        where TOptions : ListOptions, new()
    {
        var next = new TOptions();
        foreach (var property in typeof(TOptions).GetProperties()) property.SetValue(next, property.GetValue(options));
        if (backwards) next.EndingBefore = id;
        else next.StartingAfter = id;
        return next;
    }
}

public abstract class Service<TEntityReturned> : Service
    where TEntityReturned : StripeEntity
{
    protected Service()
    {
    }

    protected Service(IStripeClient client)
        : base(client)
    {
    }
}

public class V1Services : Service
{
    internal V1Services(IStripeClient client)
        : base(client) => Billing = new BillingService(client);

    public BillingService Billing { get; }
}

public class BillingService : Service
{
    internal BillingService(IStripeClient client)
        : base(client)
    {
        Meters = new MeterService(client);
        MeterEvents = new MeterEventService(client);
        MeterEventAdjustments = new MeterEventAdjustmentService(client);
    }

    public MeterEventAdjustmentService MeterEventAdjustments { get; }
    public MeterEventService MeterEvents { get; }
    public MeterService Meters { get; }
}
