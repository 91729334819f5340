using Stripe.Wire;

namespace Stripe.Events;

/// <summary>Usage was taken for an event name that no active meter has, and then dropped.</summary>
public class V1BillingMeterNoMeterFoundEventNotification : V2.Core.EventNotification
{
    public Task<V1BillingMeterNoMeterFoundEvent> FetchEventAsync() => FetchEventAsync<V1BillingMeterNoMeterFoundEvent>();
}

public class V1BillingMeterNoMeterFoundEvent : V2.Core.Event
{
    public V1BillingMeterNoMeterFoundEventData Data { get; set; }
}

public class V1BillingMeterNoMeterFoundEventData : StripeEntity<V1BillingMeterNoMeterFoundEventData>
{
    public string DeveloperMessageSummary { get; set; }
    public V1BillingMeterNoMeterFoundEventDataReason Reason { get; set; }
    public DateTime ValidationEnd { get; set; } = UnixSeconds.Epoch;
    public DateTime ValidationStart { get; set; } = UnixSeconds.Epoch;
}

public class V1BillingMeterNoMeterFoundEventDataReason : StripeEntity<V1BillingMeterNoMeterFoundEventDataReason>
{
    public long ErrorCount { get; set; }
    public List<V1BillingMeterNoMeterFoundEventDataReasonErrorType> ErrorTypes { get; set; }
}

/// <summary>Counts all errors of the code, but names only some of them.</summary>
public class V1BillingMeterNoMeterFoundEventDataReasonErrorType : StripeEntity<V1BillingMeterNoMeterFoundEventDataReasonErrorType>
{
    public string Code { get; set; }
    public long ErrorCount { get; set; }
    public List<V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleError> SampleErrors { get; set; }
}

public class V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleError
    : StripeEntity<V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleError>
{
    public string ErrorMessage { get; set; }
    public V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleErrorRequest Request { get; set; }
}

public class V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleErrorRequest
    : StripeEntity<V1BillingMeterNoMeterFoundEventDataReasonErrorTypeSampleErrorRequest>
{
    /// <summary>Documented as the request's idempotency key; an example shows the event's identifier.</summary>
    public string Identifier { get; set; }
}
