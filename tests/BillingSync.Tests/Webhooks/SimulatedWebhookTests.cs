using Metering.StripeSimulator;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>The simulator tells what happens to a subscription, and what can go wrong on the way. A result on a double.</summary>
public sealed class SimulatedWebhookTests : WebhookTest
{
    private static readonly FaultKind?[] OnTheWay =
    [
        null, FaultKind.DeliverTwice, FaultKind.DeliverLate, FaultKind.DeliverOld, FaultKind.DeliverForged, FaultKind.DeliverOtherVersion,
    ];

    [TestCaseSource(nameof(OnTheWay))]
    public async Task From_its_beginning_to_its_end_it_comes_out_the_same(FaultKind? fault)
    {
        var site = await StartSite(("Billing:Plans:prod_sim", "pro"), ("Billing:SuspendOnPaymentFailed", "1"));
        Simulator.AddWebhook(new WebhookTarget(site.Webhooks, WebhookSite.Secret));
        if (fault is { } kind) Simulator.Faults.Add(new Fault(kind) { Times = 12, Every = 2 });
        Account.AddCustomer(Told.Customer, metadata: new Dictionary<string, string> { ["metering_user"] = Told.User });
        var subscription = Account.Subscribe(Told.Customer, Account.AddPrice("900"));
        await Settle();
        Simulator.Faults.Add(new Fault(FaultKind.DeclinePayment));
        await Pass(subscription.PeriodEnd - Simulator.Now + TimeSpan.FromHours(2));
        await Settle();
        Assert.That(await Ledger(), Is.EqualTo("pro for cus_ann, suspended"));
        await Pass(TimeSpan.FromDays(3));
        await Settle();
        Assert.That(await Ledger(), Is.EqualTo("pro for cus_ann, suspended, resumed"));
    }

    private async Task Pass(TimeSpan time)
    {
        Time.Advance(time);
        Simulator.CatchUp();
        await Simulator.WhenDelivered;
    }

    /// <summary>Until everything was delivered, again where it was refused or kept back.</summary>
    private async Task Settle()
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Simulator.WhenDelivered;
            Simulator.Release();
            await Pass(TimeSpan.FromMinutes(11));
        }
    }
}
