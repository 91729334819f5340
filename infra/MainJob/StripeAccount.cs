using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Metering.MainJob;

/// <summary>What Stripe (here: its simulator) has taken in.</summary>
internal sealed record StripeState(
    IReadOnlyDictionary<string, long> Totals, long Events, long Refused, long Replayed, long Failed, int Dropped)
{
    internal long Total => Totals.Values.Sum();

    /// <summary>The same customers, and what has happened since.</summary>
    internal StripeState Since(StripeState before) => this with
    {
        Events = Events - before.Events, Refused = Refused - before.Refused, Replayed = Replayed - before.Replayed,
        Failed = Failed - before.Failed, Dropped = Dropped - before.Dropped,
    };
}

/// <summary>Our account at the Stripe simulator, seen from outside: by HTTP, without the product's own code.</summary>
internal sealed class StripeAccount : IDisposable
{
    internal const string Meter = "llm_tokens";

    private readonly HttpClient http;
    private readonly ConcurrentDictionary<string, string> customers = new();

    internal StripeAccount(Uri address, string key)
    {
        http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    internal Task AddMeter(CancellationToken cancellation) => Post("/v1/billing/meters", new()
    {
        ["event_name"] = Meter, ["display_name"] = "LLM tokens", ["default_aggregation[formula]"] = "sum",
    }, cancellation);

    /// <returns>The new customer's id.</returns>
    internal async Task<string> AddCustomer(string name, CancellationToken cancellation)
    {
        var customer = await Post("/v1/customers", new() { ["name"] = name }, cancellation);
        var id = customer.GetProperty("id").GetString()!;
        customers[id] = name;
        return id;
    }

    /// <summary>Read from the simulator's own books, not from anything that the product says: the totals of the customers added here.</summary>
    internal async Task<StripeState> State(CancellationToken cancellation)
    {
        using var state = JsonDocument.Parse(await http.GetStringAsync("/state", cancellation));
        var account = state.RootElement.GetProperty("accounts")[0];
        var events = account.GetProperty("events");
        return new StripeState(
            account.GetProperty("customers").EnumerateArray().Where(IsOurs).ToDictionary(Id, Total),
            events.GetProperty("accepted").GetInt64(), events.GetProperty("refused").GetInt64(), events.GetProperty("replayed").GetInt64(),
            events.GetProperty("failed").GetInt64(), account.GetProperty("async_errors").GetArrayLength());
    }

    public void Dispose() => http.Dispose();

    private bool IsOurs(JsonElement customer) => customers.ContainsKey(Id(customer));

    private static string Id(JsonElement customer) => customer.GetProperty("id").GetString()!;

    private static long Total(JsonElement customer) =>
        customer.GetProperty("totals").TryGetProperty(Meter, out var total)
            ? long.Parse(total.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : 0;

    private async Task<JsonElement> Post(string path, Dictionary<string, string> form, CancellationToken cancellation)
    {
        using var content = new FormUrlEncodedContent(form);
        using var answer = await http.PostAsync(path, content, cancellation);
        var body = await answer.Content.ReadAsStringAsync(cancellation);
        JobException.Unless(answer.IsSuccessStatusCode, $"the Stripe simulator refused {path}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }
}
