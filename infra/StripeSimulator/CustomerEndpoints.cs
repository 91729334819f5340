using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

internal static class CustomerEndpoints
{
    internal static JsonObject Create(Call call, SimulatorAccount account)
    {
        call.Allow("name", "email", "description", "metadata[]", "expand");
        var id = account.AddCustomer(null, call.Optional("name"), call.Optional("email"), call.Map("metadata"));
        return Get(call, account, id);
    }

    internal static JsonObject List(Call call, SimulatorAccount account)
    {
        call.Allow("email", "limit", "starting_after", "ending_before", "expand");
        var email = call.Optional("email");
        var customers = account.Customers.Reverse().Where(c => email is null || c.Email == email);
        return Wire.Page(call, customers, c => c.Id, c => c.ToJson(account.Livemode));
    }

    internal static JsonObject Get(Call call, SimulatorAccount account, string id) =>
        account.IsDeleted(id) ? Deleted(id) : Find(account, id).ToJson(account.Livemode);

    internal static JsonObject Update(Call call, SimulatorAccount account, string id)
    {
        call.Allow("name", "email", "description", "metadata[]", "expand");
        var before = Find(account, id);
        var given = call.Map("metadata");
        return account.Change(before with
        {
            Name = call.Optional("name") ?? before.Name,
            Email = call.Optional("email") ?? before.Email,
            Metadata = before.Metadata.Where(p => !given.ContainsKey(p.Key)).Concat(given.Where(p => p.Value.Length > 0)).ToDictionary(),
        }).ToJson(account.Livemode);
    }

    internal static JsonObject Delete(Call call, SimulatorAccount account, string id) =>
        account.DeleteCustomer(id) ? Deleted(id) : throw Errors.NoSuch("customer", id);

    private static Customer Find(SimulatorAccount account, string id) => account.FindCustomer(id) ?? throw Errors.NoSuch("customer", id);

    private static JsonObject Deleted(string id) => new() { ["id"] = id, ["object"] = "customer", ["deleted"] = true };
}
