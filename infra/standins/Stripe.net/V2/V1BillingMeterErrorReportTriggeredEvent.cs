using Stripe.Wire;

namespace Stripe.Events;

/// <summary>Usage of a meter was taken and then dropped.</summary>
public class V1BillingMeterErrorReportTriggeredEventNotification : V2.Core.EventNotification
{
    public V2.Core.EventNotificationRelatedObject RelatedObject { get; set; }

    public Task<Billing.Meter> FetchRelatedObjectAsync() =>
        Fetching.RequestAsync<Billing.Meter>(HttpMethod.Get, RelatedObject.Url, null, null);

    public Task<V1BillingMeterErrorReportTriggeredEvent> FetchEventAsync() => FetchEventAsync<V1BillingMeterErrorReportTriggeredEvent>();
}

public class V1BillingMeterErrorReportTriggeredEvent : V2.Core.Event
{
    public V1BillingMeterErrorReportTriggeredEventData Data { get; set; }
    public V2.Core.EventRelatedObject RelatedObject { get; set; }
}

public class V1BillingMeterErrorReportTriggeredEventData : StripeEntity<V1BillingMeterErrorReportTriggeredEventData>
{
    public string DeveloperMessageSummary { get; set; }
    public V1BillingMeterErrorReportTriggeredEventDataReason Reason { get; set; }
    public DateTime ValidationEnd { get; set; } = UnixSeconds.Epoch;
    public DateTime ValidationStart { get; set; } = UnixSeconds.Epoch;
}

public class V1BillingMeterErrorReportTriggeredEventDataReason : StripeEntity<V1BillingMeterErrorReportTriggeredEventDataReason>
{
    public long ErrorCount { get; set; }
    public List<V1BillingMeterErrorReportTriggeredEventDataReasonErrorType> ErrorTypes { get; set; }
}

/// <summary>Counts all errors of the code, but names only some of them.</summary>
public class V1BillingMeterErrorReportTriggeredEventDataReasonErrorType
    : StripeEntity<V1BillingMeterErrorReportTriggeredEventDataReasonErrorType>
{
    public string Code { get; set; }
    public long ErrorCount { get; set; }
    public List<V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleError> SampleErrors { get; set; }
}

public class V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleError
    : StripeEntity<V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleError>
{
    public string ErrorMessage { get; set; }
    public V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleErrorRequest Request { get; set; }
}

public class V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleErrorRequest
    : StripeEntity<V1BillingMeterErrorReportTriggeredEventDataReasonErrorTypeSampleErrorRequest>
{
    /// <summary>Documented as the request's idempotency key; an example shows the event's identifier.</summary>
    public string Identifier { get; set; }
}
