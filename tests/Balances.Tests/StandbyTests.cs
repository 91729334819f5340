using Metering.Kernel.Tests.ReadModels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.Balances.Tests;

/// <summary>Two instances over one database.</summary>
internal sealed class StandbyTests : ServiceTest
{
    protected override Task<string> ReadModels() => PostgresServer.Empty("balances", "publishing");

    /// <summary>A killed keeper's documents are the next one's.</summary>
    [Test]
    public async Task An_instance_that_stands_by_is_ready_answers_the_same_and_takes_over()
    {
        var ann = Player("ann");
        Reserve(ann, 5);
        await Show(ann);
        await using var other = await Start(PostgresServer.Required().ConnectionString);
        Assert.That(await other.Client.GetBalanceAsync(new() { User = "ann" }), Is.EqualTo(await Client.GetBalanceAsync(new() { User = "ann" })));
        await Service.DisposeAsync();
        Reserve(ann, 6);
        await other.Projector().WaitFor(await ann.AppendTo(Streams, Stop), Stop);
        Assert.That((await other.Client.GetBalanceAsync(new() { User = "ann" })).Usage.Groups[0].Held, Is.EqualTo(11));
        await other.Projector("publishing").WaitUntilCaughtUp(Stop);
        var health = await other.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains("ready"));
        Assert.That(health.Entries["balances"].Status, Is.EqualTo(HealthStatus.Healthy), health.Entries["balances"].Description);
    }
}
