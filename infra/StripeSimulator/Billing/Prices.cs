using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>The prices of an account.</summary>
internal sealed class Prices(SimulatorAccount account)
{
    internal static readonly string[] Intervals = ["day", "month", "week", "year"];
    private readonly List<SimulatorPrice> prices = [];

    internal IReadOnlyList<SimulatorPrice> All
    {
        get { lock (account.Gate) return [.. prices]; }
    }

    internal SimulatorPrice Add(Func<string, SimulatorPrice> make)
    {
        lock (account.Gate)
        {
            prices.Add(make(account.NextId("price")));
            return prices[^1];
        }
    }

    internal SimulatorPrice Find(string id, string param = "price") =>
        All.FirstOrDefault(p => p.Id == id) ?? throw Errors.Invalid($"No such price: '{id}'", param, "resource_missing");

    internal JsonObject Create(Call call)
    {
        call.Allow(
            "currency", "unit_amount", "unit_amount_decimal", "product", "product_data[]", "recurring[]", "lookup_key", "nickname",
            "metadata[]", "billing_scheme", "tiers_mode", "tiers[]", "expand");
        var read = Read(call);
        return Add(id => read with { Id = id }).ToJson(account.Livemode);
    }

    internal JsonObject List(Call call)
    {
        call.Allow("limit", "starting_after", "ending_before", "lookup_keys[]", "expand");
        var keys = call.Map("lookup_keys").Values;
        return Wire.Page(call, All.Reverse().Where(p => keys.Count == 0 || keys.Contains(p.LookupKey ?? "")), p => p.Id, p => p.ToJson(account.Livemode));
    }

    internal JsonObject Get(Call call, string id) =>
        All.FirstOrDefault(p => p.Id == id)?.ToJson(account.Livemode) ?? throw Errors.NoSuch("price", id);

    private SimulatorPrice Read(Call call)
    {
        var tiers = TiersOf(call);
        var unit = tiers.Count > 0
            ? Exact.Zero
            : call.Number("unit_amount_decimal") ?? call.Number("unit_amount") ?? throw Errors.Missing("unit_amount");
        var interval = call.Optional("recurring[interval]");
        return new SimulatorPrice("", call.Require("currency").ToLowerInvariant(), unit)
        {
            Product = call.Optional("product") ?? call.Optional("product_data[name]") ?? throw Errors.Missing("product"),
            Interval = interval is null ? null : call.OneOf("recurring[interval]", interval, Intervals),
            IntervalCount = (int)(call.Whole("recurring[interval_count]", 1, 1095) ?? 1),
            Meter = MeterOf(call),
            Tiers = tiers,
            LookupKey = call.Optional("lookup_key"),
            Nickname = call.Optional("nickname"),
            Metadata = call.Map("metadata"),
            Created = account.Now.ToUnixTimeSeconds(),
        };
    }

    private string? MeterOf(Call call)
    {
        var type = call.OneOf("recurring[usage_type]", call.Optional("recurring[usage_type]") ?? "licensed", "licensed", "metered");
        if (type == "licensed") return null;
        var id = call.Require("recurring[meter]");
        return account.FindMeter(id)?.Id ?? throw Errors.Invalid($"No such billing meter: '{id}'", "recurring[meter]", "resource_missing");
    }

    private static List<Tier> TiersOf(Call call)
    {
        if (call.Optional("billing_scheme") is not "tiered") return [];
        call.OneOf("tiers_mode", call.Require("tiers_mode"), "graduated");
        var tiers = call.Indexes("tiers").Select(i => new Tier(
            UpTo(call, $"tiers[{i}][up_to]"),
            call.Number($"tiers[{i}][unit_amount_decimal]") ?? call.Number($"tiers[{i}][unit_amount]") ?? Exact.Zero,
            call.Number($"tiers[{i}][flat_amount_decimal]") ?? call.Number($"tiers[{i}][flat_amount]") ?? Exact.Zero)).ToList();
        return tiers is [.., { UpTo: null }] ? tiers : throw Errors.Invalid("The last tier's up_to must be inf.", "tiers");
    }

    private static long? UpTo(Call call, string name) => call.Require(name) == "inf" ? null : call.Whole(name, 1, long.MaxValue);
}
