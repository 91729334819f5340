using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe.V2.Core
{
    /// <summary>A thin event as fetched: what it is about, and, in the types derived from it, its data.</summary>
    public class Event : StripeEntity<Event>, IHasId, IHasObject
    {
        public string Id { get; set; }
        public string Object { get; set; }
        public string Context { get; set; }
        public DateTime Created { get; set; } = UnixSeconds.Epoch;
        public bool Livemode { get; set; }
        public EventReason Reason { get; set; }
        public string Type { get; set; }
    }

    public class EventReason : StripeEntity<EventReason>
    {
        public EventReasonRequest Request { get; set; }
        public string Type { get; set; }
    }

    public class EventReasonRequest : StripeEntity<EventReasonRequest>, IHasId
    {
        public string Id { get; set; }
        public string IdempotencyKey { get; set; }
    }

    public class EventRelatedObject : StripeEntity<EventRelatedObject>, IHasId
    {
        public string Id { get; set; }
        public string Type { get; set; }
        public string Url { get; set; }
    }

    public class EventGetOptions : BaseOptions
    {
    }

    public class EventService : Service
    {
        internal EventService(IStripeClient client)
            : base(client)
        {
        }

        /// <summary>
        /// Events of the last 30 days; of the type derived from <see cref="Event"/> that its <c>type</c> names, where there is one.
        /// </summary>
        public virtual Task<Event> GetAsync(
            string id, EventGetOptions options = null, RequestOptions requestOptions = null,
            CancellationToken cancellationToken = default) =>
            SendAsync<Event>(HttpMethod.Get, $"/v2/core/events/{Part(id, nameof(id))}", options, requestOptions, cancellationToken);
    }
}

namespace Stripe.V2
{
    internal sealed class CoreService : Service
    {
        internal CoreService(IStripeClient client)
            : base(client) => Events = new Core.EventService(client);

        public Core.EventService Events { get; }
    }
}

namespace Stripe
{
    public class V2Services : Service
    {
        internal V2Services(IStripeClient client)
            : base(client) => Core = new V2.CoreService(client);

        // Public in the genuine package; internal here because the published listing has no line for its type.
        internal V2.CoreService Core { get; }
    }
}

namespace Stripe.Events
{
    internal static class EventTypesV2
    {
        internal const string ErrorReport = "v1.billing.meter.error_report_triggered";
        internal const string NoMeterFound = "v1.billing.meter.no_meter_found";

        internal static Type EventOf(string type) => type switch
        {
            ErrorReport => typeof(V1BillingMeterErrorReportTriggeredEvent),
            NoMeterFound => typeof(V1BillingMeterNoMeterFoundEvent),
            _ => typeof(V2.Core.Event),
        };

        internal static Type NotificationOf(string type) => type switch
        {
            ErrorReport => typeof(V1BillingMeterErrorReportTriggeredEventNotification),
            NoMeterFound => typeof(V1BillingMeterNoMeterFoundEventNotification),
            _ => typeof(UnknownEventNotification),
        };
    }
}
