using Metering.V1;

namespace Metering.StackTests;

/// <summary>Every process of the stack is killed in turn, under load: nothing acknowledged is lost, nothing happens twice.</summary>
public sealed class KillTests
{
    private const int CallsBetween = 200;
    private static readonly string[] Killed = ["reservations-1", "reservations-2", "balances", "billing-sync", "rabbitmq", "postgres"];
    private static readonly string[] Early = [.. Enumerable.Range(0, 10).Select(n => $"early-{n}")];
    private static readonly string[] Late = [.. Enumerable.Range(0, 10).Select(n => $"late-{n}")];

    [TearDown]
    public void Clean() => FullStack.KeepIfFailed();

    [Test, CancelAfter(300_000)]
    public async Task Whatever_is_killed_everything_catches_up_by_itself()
    {
        await using var stack = await FullStack.Start();
        using var services = new Services(stack);
        await Shop.Open(services, quota: 1_000_000_000);
        await Task.WhenAll(Early.Concat(Late).Select(user => Shop.Subscribe(services, user)));
        var traffic = await UnderLoad(stack, services);
        await Task.WhenAll(Late.Select(user => Shop.Leave(services, user)));
        foreach (var user in Early.Concat(Late)) await IsWhole(services, user, traffic.Acknowledged[user]);
        await IsBilled(stack, services);
        Assert.That(await stack.Status(), Does.Match(@"(?s)balances +1 .*billing +1 .*publishing +1 "));
    }

    /// <summary>The load goes on over every kill; half of the users leave meanwhile, so that periods close and are billed meanwhile too.</summary>
    private static async Task<Traffic> UnderLoad(FullStack stack, Services services)
    {
        var early = new Traffic(services, Early, callers: 8);
        var late = new Traffic(services, Late, callers: 16);
        early.Start();
        late.Start();
        await early.Further(CallsBetween);
        await early.Stop();
        var leaving = Leaving(services);
        foreach (var name in Killed)
        {
            await late.Further(CallsBetween);
            await stack.Kill(name);
            // with an instance of Reservations, the store's file and the catalog left, callers are served meanwhile
            await late.Further(CallsBetween);
            await stack.Up();
        }
        await leaving;
        await late.Stop();
        return late.Joined(early);
    }

    private static async Task Leaving(Services services)
    {
        foreach (var user in Early) await Shop.Leave(services, user);
    }

    private static async Task IsWhole(Services services, string user, IEnumerable<string> acknowledged)
    {
        var ledger = await Closed(services, user);
        var happened = ledger.ByCommand;
        Assert.That(acknowledged.Where(command => happened[command].Count() != 1), Is.Empty, $"{user}: acknowledged and not there once");
        Assert.That(happened.Where(command => command.Count() != 1), Is.Empty, $"{user}: done more than once");
        Assert.That(ledger.OfType("period_ended.v1").Count(), Is.EqualTo(1), user);
        Assert.That(ledger.OfType("period_closed.v1").Count(), Is.EqualTo(1), user);
    }

    /// <summary>The closer finds the period by itself: this only reads.</summary>
    private static Task<Ledger> Closed(Services services, string user) =>
        Services.Eventually(() => Ledger.Of(services, user), ledger => ledger.OfType("period_closed.v1").Any());

    private static async Task IsBilled(FullStack stack, Services services)
    {
        var expected = new Dictionary<string, long>();
        foreach (var user in Early.Concat(Late)) expected[Shop.CustomerOf(user)] = (await Ledger.Of(services, user)).Used;
        using var stripe = new Stripe(stack);
        Assert.That(await stripe.Totals(expected), Is.EquivalentTo(expected));
        Assert.That(await Accepted(services, expected.Values.Sum()), Is.EqualTo(expected.Values.Sum()));
    }

    /// <summary>Stripe has it before its answer is recorded.</summary>
    private static Task<long> Accepted(Services services, long expected) => Services.Eventually(async () =>
    {
        var totals = await Services.Insist(call => services.Billing.GetTotalsAsync(new GetTotalsRequest(), call));
        return totals.Totals.Sum(total => total.Accepted);
    }, accepted => accepted == expected);
}
