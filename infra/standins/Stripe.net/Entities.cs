using System.Text.Json;
using System.Text.Json.Serialization;
using Stripe.Wire;

namespace Stripe;

public interface IHasId
{
    string Id { get; set; }
}

public interface IHasObject
{
    string Object { get; set; }
}

public interface IHasMetadata
{
    Dictionary<string, string> Metadata { get; set; }
}

public abstract class StripeEntity
{
    /// <summary>The answer that carried this entity; only the outermost entity of an answer has it.</summary>
    [JsonIgnore]
    public StripeResponse StripeResponse { get; set; }

    public static T FromJson<T>(string value) => (T)JsonSerializer.Deserialize(value, Concrete(typeof(T), value), Json.Options);

    public string ToJson() => JsonSerializer.Serialize(this, GetType(), Json.Indented);

    public override string ToString() => $"<{GetType().FullName}> JSON: {ToJson()}";

    /// <summary>A thin event is of the type that it names.</summary>
    private static Type Concrete(Type asked, string json) =>
        asked == typeof(V2.Core.Event) ? Events.EventTypesV2.EventOf(V2.Core.EventNotification.TypeOf(json)) : asked;
}

public abstract class StripeEntity<T> : StripeEntity
    where T : StripeEntity<T>
{
    public static T FromJson(string value) => StripeEntity.FromJson<T>(value);
}

public class StripeError : StripeEntity<StripeError>
{
    public string Charge { get; set; }
    public string Code { get; set; }
    public string DeclineCode { get; set; }
    public string DocUrl { get; set; }
    public string Error { get; set; }
    public string ErrorDescription { get; set; }
    public string Message { get; set; }
    public string Param { get; set; }
    public string RequestLogUrl { get; set; }
    public string Type { get; set; }
    public string UserMessage { get; set; }
}

public class Customer : StripeEntity<Customer>, IHasId, IHasMetadata, IHasObject
{
    public string Id { get; set; }
    public string Object { get; set; }
    public DateTime Created { get; set; }
    public bool? Deleted { get; set; }
    public string Description { get; set; }
    public string Email { get; set; }
    public bool Livemode { get; set; }
    public Dictionary<string, string> Metadata { get; set; }
    public string Name { get; set; }
}
