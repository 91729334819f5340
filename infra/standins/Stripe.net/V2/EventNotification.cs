using System.Text.Json;
using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe.V2.Core
{
    /// <summary>What a thin event's webhook carries: that something happened. The event is to be fetched.</summary>
    public class EventNotification
    {
        [JsonInclude]
        public string Id { get; internal set; }

        [JsonInclude]
        public DateTime Created { get; internal set; } = UnixSeconds.Epoch;

        [JsonInclude]
        public bool Livemode { get; internal set; }

        [JsonInclude]
        public EventNotificationReason Reason { get; internal set; }

        [JsonInclude]
        public string Type { get; internal set; }

        [JsonIgnore]
        protected StripeClient Client { get; set; }

        /// <summary>
        /// No signature is checked: <see cref="EventUtility.ValidateSignature(string, string, string, long, long)"/> does that.
        /// </summary>
        public static EventNotification FromJson(string payload, StripeClient client)
        {
            var type = Events.EventTypesV2.NotificationOf(TypeOf(payload));
            var notification = (EventNotification)JsonSerializer.Deserialize(payload, type, Json.Options);
            notification.Client = client;
            return notification;
        }

        protected async Task<T> FetchEventAsync<T>(CancellationToken cancellationToken = default)
            where T : Event =>
            (T)await Fetching.V2.Core.Events.GetAsync(Id, cancellationToken: cancellationToken).ConfigureAwait(false);

        internal StripeClient Fetching => Client ?? throw new InvalidOperationException("The notification has no client to fetch with.");

        internal static string TypeOf(string json)
        {
            using var body = JsonDocument.Parse(json);
            return body.RootElement.TryGetProperty("type", out var type) ? type.GetString() : null;
        }
    }

    public class EventNotificationReason
    {
        public EventNotificationReasonRequest Request { get; set; }
        public string Type { get; set; }
    }

    public class EventNotificationReasonRequest
    {
        public string Id { get; set; }
        public string IdempotencyKey { get; set; }
    }

    public class EventNotificationRelatedObject
    {
        [JsonInclude]
        public string Id { get; internal set; }

        [JsonInclude]
        public string Type { get; internal set; }

        [JsonInclude]
        public string Url { get; internal set; }
    }
}

namespace Stripe.Events
{
    /// <summary>
    /// Of a type that this version does not know. Public in the genuine package; the published listing has no line for it.
    /// </summary>
    internal sealed class UnknownEventNotification : V2.Core.EventNotification
    {
        public V2.Core.EventNotificationRelatedObject RelatedObject { get; set; }
    }
}
