namespace Metering.Messaging.Tests;

/// <summary>A broker that comes late, goes away and comes back: a private node.</summary>
[NonParallelizable]
public sealed class BrokerAwayTests
{
    [Test]
    public async Task The_process_starts_without_its_broker_and_goes_on_by_itself_when_it_is_there_and_back_again()
    {
        _ = Broker.Address; // passed over where no broker can be started either
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var node = await PrivateNode.New();
        var ledgers = new Ledgers();
        await ledgers.End("early", 1);
        await using var stack = await Stack.Start(node.Address, ledgers.Streams);
        await IsRed(stack, stop.Token);

        await node.Start();
        await stack.Planned("early", stop.Token);
        await IsGreen(stack, stop.Token);

        await node.Stop();
        for (var i = 0; i < 100; i++) await ledgers.End($"meanwhile-{i}", 2);
        await IsRed(stack, stop.Token);

        await node.Start();
        for (var i = 0; i < 100; i++) await stack.Planned($"meanwhile-{i}", stop.Token);
        Assert.That(await stack.Reports("meanwhile-7"), Is.EqualTo(new[] { 2L }));
        await IsGreen(stack, stop.Token);
    }

    private static async Task IsRed(Stack stack, CancellationToken stop)
    {
        await stack.Publishing.WaitUntil(progress => progress.Error is not null, stop);
        Assert.That(await stack.Health("publishing"), Is.EqualTo(
            "Unhealthy stopped: the bus did not take a PeriodEnded within 10 s: is its broker there?"));
        Assert.That(await stack.Health("bus"), Does.StartWith("Unhealthy Not ready").Or.Match("^Degraded .*billing-sync"));
    }

    private static async Task IsGreen(Stack stack, CancellationToken stop)
    {
        await stack.Publishing.WaitUntil(progress => progress.Ready, stop);
        Assert.That(await stack.Health("publishing"), Does.StartWith("Healthy"));
        Assert.That(await stack.Health("bus"), Is.EqualTo("Healthy Ready"));
    }
}
