using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.StripeSimulatorTests;

/// <summary>What subscriptions and invoices are tested with: calls that have no service of their own in every SDK.</summary>
public abstract class BillingTest : SimulatorTest
{
    protected static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    /// <summary>A month after the tests begin.</summary>
    protected static readonly DateTimeOffset Turn = new(2026, 12, 20, 12, 0, 30, TimeSpan.Zero);

    protected Task<T> CallAsync<T>(HttpMethod method, string path, params (string Name, object Value)[] parameters)
        where T : StripeEntity
    {
        var options = new BaseOptions();
        foreach (var (name, value) in parameters) options.AddExtraParam(name, value);
        return Client.RequestAsync<T>(method, path, options, null);
    }

    protected Task<T> PostAsync<T>(string path, params (string Name, object Value)[] parameters)
        where T : StripeEntity => CallAsync<T>(HttpMethod.Post, path, parameters);

    protected Task<T> GetAsync<T>(string path)
        where T : StripeEntity => CallAsync<T>(HttpMethod.Get, path);

    /// <summary>A cent for each token, unless said otherwise.</summary>
    protected SimulatorSubscription SubscribeToTokens(string unitAmount = "1") =>
        Account.Subscribe(Ann, Account.AddPrice(unitAmount, TokensMeter));

    protected void AdvanceTo(DateTimeOffset at)
    {
        Time.Advance(at - Time.GetUtcNow());
        Simulator.CatchUp();
    }

    /// <summary>The invoice of the first period.</summary>
    protected SimulatorInvoice TheInvoice() => Account.AllInvoices.Single(i => i.Reason == "subscription_cycle");

    protected static string[] Identifiers(SimulatorInvoice invoice) => [.. invoice.Lines.SelectMany(l => l.Events)];

    protected Task<MeterEvent> UsedAsync(string value, string identifier, DateTimeOffset? at = null) =>
        ReportAsync(Usage(value, identifier, at));
}
