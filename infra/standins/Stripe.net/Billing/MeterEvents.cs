namespace Stripe.Billing;

public class MeterEvent : StripeEntity<MeterEvent>, IHasObject
{
    public string Object { get; set; }
    public DateTime Created { get; set; }
    public string EventName { get; set; }
    public string Identifier { get; set; }
    public bool Livemode { get; set; }
    public Dictionary<string, string> Payload { get; set; }
    public DateTime Timestamp { get; set; }
}

public class MeterEventCreateOptions : BaseOptions
{
    public string EventName { get; set; }
    public string Identifier { get; set; }
    public Dictionary<string, string> Payload { get; set; }
    public DateTime? Timestamp { get; set; }
}

public class MeterEventService : Service
{
    public MeterEventService()
    {
    }

    public MeterEventService(IStripeClient client)
        : base(client)
    {
    }

    public virtual Task<MeterEvent> CreateAsync(
        MeterEventCreateOptions options, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<MeterEvent>(HttpMethod.Post, "/v1/billing/meter_events", options, requestOptions, cancellationToken);
}

public class MeterEventAdjustment : StripeEntity<MeterEventAdjustment>, IHasObject
{
    public string Object { get; set; }
    public MeterEventAdjustmentCancel Cancel { get; set; }
    public string EventName { get; set; }
    public bool Livemode { get; set; }
    public string Status { get; set; }
    public string Type { get; set; }
}

public class MeterEventAdjustmentCancel : StripeEntity<MeterEventAdjustmentCancel>
{
    public string Identifier { get; set; }
}

public class MeterEventAdjustmentCancelOptions : INestedOptions
{
    public string Identifier { get; set; }
}

public class MeterEventAdjustmentCreateOptions : BaseOptions
{
    public MeterEventAdjustmentCancelOptions Cancel { get; set; }
    public string EventName { get; set; }
    public string Type { get; set; }
}

public class MeterEventAdjustmentService : Service
{
    public MeterEventAdjustmentService()
    {
    }

    public MeterEventAdjustmentService(IStripeClient client)
        : base(client)
    {
    }

    public virtual Task<MeterEventAdjustment> CreateAsync(
        MeterEventAdjustmentCreateOptions options, RequestOptions requestOptions = null, CancellationToken cancellationToken = default) =>
        SendAsync<MeterEventAdjustment>(HttpMethod.Post, "/v1/billing/meter_event_adjustments", options, requestOptions, cancellationToken);
}
