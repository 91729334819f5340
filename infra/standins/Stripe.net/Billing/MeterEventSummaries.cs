namespace Stripe.Billing;

public class MeterEventSummary : StripeEntity<MeterEventSummary>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public decimal AggregatedValue { get; set; }
    public DateTime EndTime { get; set; }
    public bool Livemode { get; set; }
    public string Meter { get; set; }
    public DateTime StartTime { get; set; }
}

public class MeterEventSummaryListOptions : ListOptions
{
    public string Customer { get; set; }
    public DateTime? EndTime { get; set; }
    public DateTime? StartTime { get; set; }
    public string ValueGroupingWindow { get; set; }
}

public class MeterEventSummaryService : Service
{
    public MeterEventSummaryService()
    {
    }

    public MeterEventSummaryService(IStripeClient client)
        : base(client)
    {
    }

    public virtual Task<StripeList<MeterEventSummary>> ListAsync(
        string parentId, MeterEventSummaryListOptions options = null, RequestOptions requestOptions = null,
        CancellationToken cancellationToken = default) =>
        SendAsync<StripeList<MeterEventSummary>>(HttpMethod.Get, Path(parentId), options, requestOptions, cancellationToken);

    public virtual IAsyncEnumerable<MeterEventSummary> ListAutoPagingAsync(
        string parentId, MeterEventSummaryListOptions options = null, RequestOptions requestOptions = null,
        CancellationToken cancellationToken = default) =>
        PagesAsync<MeterEventSummary, MeterEventSummaryListOptions>(Path(parentId), options, requestOptions, cancellationToken);

    private static string Path(string parentId) => $"/v1/billing/meters/{Part(parentId, nameof(parentId))}/event_summaries";
}
