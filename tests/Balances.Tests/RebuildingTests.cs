using Metering.Kernel.ReadModels;
using Metering.Kernel.Tests.ReadModels;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Balances.Tests;

/// <summary>Rebuilds as an operator sees them.</summary>
[TestFixture("memory")]
[TestFixture("PostgreSQL")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RebuildingTests(string store) : ServiceTest
{
    protected override Task<string> ReadModels() => store == "memory" ? base.ReadModels() : PostgresServer.Empty("balances", "publishing");

    [Test]
    public async Task All_read_models_are_rebuilt_and_say_the_same_as_before()
    {
        var (ann, bob) = (Player("ann"), Player("bob"));
        Reserve(ann, 5);
        Reserve(bob, 6);
        await Show(ann, bob);
        var (before, progress) = (await Client.ListBalancesAsync(new()), await Client.GetProgressAsync(new()));
        var begun = await Client.RebuildAsync(new() { ReadModels = { "publishing", "balances" } });
        Assert.That(begun.ReadModels.Select(model => model.Name), Is.EqualTo(new[] { "publishing", "balances" }));
        await Replaced(Service, "balances");
        await Replaced(Service, "publishing");
        Assert.That(await Client.ListBalancesAsync(new()), Is.EqualTo(before));
        var after = (await Client.GetProgressAsync(new())).ReadModels;
        Assert.That(
            after.Select(model => (model.Name, model.Generation, model.Events)),
            Is.EqualTo(new[] { ("balances", 2, 4L), ("publishing", 2, 4L) }));
        Assert.That(after.Select(model => model.Rebuild), Is.All.Null);
        Assert.That(after.Select(model => model.EventsByType), Is.EqualTo(progress.ReadModels.Select(model => model.EventsByType)));
        Reserve(ann, 7);
        await Show(ann);
        Assert.That((await Client.GetBalanceAsync(new() { User = "ann" })).Usage.Groups[0].Held, Is.EqualTo(12), "the new one is followed on");
    }

    [Test]
    public async Task Who_keeps_a_read_model_and_how_far_behind_it_is_are_shown()
    {
        await Show(Player("ann"));
        var model = (await Client.GetProgressAsync(new())).ReadModels[0];
        Assert.That((model.Generation, model.Events, model.Instance), Is.EqualTo((1, 1L, $"{Environment.MachineName}/{Environment.ProcessId}")));
        Assert.That((model.CaughtUp, model.Lag.ToTimeSpan(), model.HasError), Is.EqualTo((true, TimeSpan.Zero, false)));
    }

    /// <summary>Ends once the second generation is live: the projector starts again on it, which is what wakes this.</summary>
    private Task Replaced(InProcess service, string name)
    {
        var generations = service.Services.GetRequiredKeyedService<IGenerations>(name);
        return service.Projector(name).WaitUntil(
            progress => progress.CaughtUp && generations.Live(Stop).GetAwaiter().GetResult().Number == 2, Stop);
    }
}
