using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

internal sealed record Customer(string Id, string? Name, string? Email, long Created, IReadOnlyDictionary<string, string> Metadata)
{
    internal JsonObject ToJson(bool livemode) => new()
    {
        ["id"] = Id,
        ["object"] = "customer",
        ["created"] = Created,
        ["email"] = Email,
        ["livemode"] = livemode,
        ["metadata"] = Wire.Map(Metadata),
        ["name"] = Name,
    };
}
