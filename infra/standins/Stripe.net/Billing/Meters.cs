namespace Stripe.Billing;

public class Meter : StripeEntity<Meter>, IHasId, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public DateTime Created { get; set; }
    public MeterCustomerMapping CustomerMapping { get; set; }
    public MeterDefaultAggregation DefaultAggregation { get; set; }
    public string DisplayName { get; set; }
    public string EventName { get; set; }
    public string EventTimeWindow { get; set; }
    public bool Livemode { get; set; }
    public string Status { get; set; }
    public MeterStatusTransitions StatusTransitions { get; set; }
    public DateTime Updated { get; set; }
    public MeterValueSettings ValueSettings { get; set; }
}

public class MeterCustomerMapping : StripeEntity<MeterCustomerMapping>
{
    public string EventPayloadKey { get; set; }
    public string Type { get; set; }
}

public class MeterDefaultAggregation : StripeEntity<MeterDefaultAggregation>
{
    public string Formula { get; set; }
}

public class MeterStatusTransitions : StripeEntity<MeterStatusTransitions>
{
    public DateTime? DeactivatedAt { get; set; }
}

public class MeterValueSettings : StripeEntity<MeterValueSettings>
{
    public string EventPayloadKey { get; set; }
}

public class MeterCreateOptions : BaseOptions
{
    public MeterCustomerMappingOptions CustomerMapping { get; set; }
    public MeterDefaultAggregationOptions DefaultAggregation { get; set; }
    public string DisplayName { get; set; }
    public string EventName { get; set; }
    public string EventTimeWindow { get; set; }
    public MeterValueSettingsOptions ValueSettings { get; set; }
}

public class MeterCustomerMappingOptions : INestedOptions
{
    public string EventPayloadKey { get; set; }
    public string Type { get; set; }
}

public class MeterDefaultAggregationOptions : INestedOptions
{
    public string Formula { get; set; }
}

public class MeterValueSettingsOptions : INestedOptions
{
    public string EventPayloadKey { get; set; }
}

public class MeterGetOptions : BaseOptions
{
}

public class MeterListOptions : ListOptions
{
    public string Status { get; set; }
}

public class MeterDeactivateOptions : BaseOptions
{
}

public class MeterReactivateOptions : BaseOptions
{
}

public class MeterService : Service
{
    private const string Path = "/v1/billing/meters";

    public MeterService()
    {
    }

    public MeterService(IStripeClient client)
        : base(client)
    {
    }

    public virtual MeterEventSummaryService EventSummaries => new(Client);

    public virtual Task<Meter> CreateAsync(
        MeterCreateOptions options, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<Meter>(HttpMethod.Post, Path, options, requestOptions, cancellationToken);

    public virtual Task<Meter> DeactivateAsync(
        string id, MeterDeactivateOptions options = null, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<Meter>(HttpMethod.Post, $"{Path}/{Part(id, nameof(id))}/deactivate", options, requestOptions, cancellationToken);

    public virtual Task<Meter> GetAsync(
        string id, MeterGetOptions options = null, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<Meter>(HttpMethod.Get, $"{Path}/{Part(id, nameof(id))}", options, requestOptions, cancellationToken);

    public virtual Task<StripeList<Meter>> ListAsync(
        MeterListOptions options = null, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<StripeList<Meter>>(HttpMethod.Get, Path, options, requestOptions, cancellationToken);

    public virtual IAsyncEnumerable<Meter> ListAutoPagingAsync(
        MeterListOptions options = null, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        PagesAsync<Meter, MeterListOptions>(Path, options, requestOptions, cancellationToken);

    public virtual Task<Meter> ReactivateAsync(
        string id, MeterReactivateOptions options = null, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<Meter>(HttpMethod.Post, $"{Path}/{Part(id, nameof(id))}/reactivate", options, requestOptions, cancellationToken);
}
