using System.Globalization;
using System.Text.Json;

namespace Metering.StackTests;

/// <summary>The stack's Stripe simulator, seen from outside.</summary>
internal sealed class Stripe(FullStack stack) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri(stack.Settings["STRIPE_BASE"]) };

    /// <summary>What the customers come to, once that is <paramref name="expected"/>, or what it still is when patience ends.</summary>
    public Task<IReadOnlyDictionary<string, long>> Totals(IReadOnlyDictionary<string, long> expected) =>
        Services.Eventually(Totals, totals => expected.All(pair => totals.GetValueOrDefault(pair.Key) == pair.Value));

    public void Dispose() => http.Dispose();

    private async Task<IReadOnlyDictionary<string, long>> Totals()
    {
        using var state = JsonDocument.Parse(await http.GetStringAsync("/state"));
        return state.RootElement.GetProperty("accounts").EnumerateArray().SelectMany(account => account.GetProperty("customers").EnumerateArray())
            .ToDictionary(customer => customer.GetProperty("id").GetString()!, Total);
    }

    private static long Total(JsonElement customer) => customer.GetProperty("totals").TryGetProperty(Shop.StripeMeter, out var total)
        ? long.Parse(total.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
        : 0;
}
