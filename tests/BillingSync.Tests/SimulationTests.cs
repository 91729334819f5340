using System.Diagnostics;
using System.Globalization;
using Metering.StripeSimulator;

namespace Metering.BillingSync.Tests;

/// <summary>
/// Random schedules of usage, messages, faults and crashes over many users and periods. Whatever happens between, in the end Stripe's sums
/// are the ledger's, to the unit, and no identifier was counted twice. A result on a double: the simulator.
/// </summary>
[NonParallelizable]
public sealed class SimulationTests : SimulatedStripe
{
    private const int SchedulesShort = 60;

    private protected override SimulatorOptions Simulation => base.Simulation with
    {
        // what Stripe took shows in its summaries after a time of its own, just below what is waited for
        SummaryLag = TimeSpan.FromHours(1), SummaryLagVaries = true, ErrorSamples = 1,
        // nobody is there: error reports are made, and heard when the schedule says so
        Webhooks = [new WebhookTarget(new Uri("http://127.0.0.1:1/"), Thin: true)],
    };

    /// <summary>BILLING_SEED repeats a run; BILLING_SCHEDULES makes it longer (the full form has 1,000).</summary>
    [Test]
    public async Task Stripes_sums_are_the_ledgers()
    {
        var (seed, schedules, clock) = (Setting("BILLING_SEED") ?? Environment.TickCount & 0xFFFFFF, Setting("BILLING_SCHEDULES") ?? SchedulesShort, Stopwatch.StartNew());
        await TestContext.Progress.WriteLineAsync($"BILLING_SEED={seed}, {schedules} schedules");
        var sum = new Tally();
        for (var number = 0; number < schedules; number++)
        {
            Simulator.Faults.Clear();
            var simulation = new BillingSimulation(Simulator, Time, Options.ApiBase, seed + number);
            sum += await simulation.Run();
        }
        await TestContext.Progress.WriteLineAsync($"{schedules} schedules in {clock.Elapsed.TotalSeconds:F1} s: {sum}");
        Assert.That(sum.AllSeen, Is.True, "a kind of trouble never came: " + sum);
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
