using System.Globalization;
using Metering.Kernel.Streams.Sqlite;
using Metering.V1;

namespace Metering.Messaging.Tests;

/// <summary>
/// Everyone's period ends at once: from ledgers in a file over a real broker to the simulator, another process. A result on a double: the
/// simulator.
/// </summary>
[NonParallelizable]
public sealed class PeriodCloseTests
{
    private const long Tokens = 700;

    [SetUp, TearDown]
    public Task Clear() => Broker.Clear();

    [Test]
    public Task Three_hundred_users_are_reported_at_the_configured_rate() => Close(users: 300, rate: 100, least: 0.5);

    [Test, Explicit("a measurement of a minute, to be run alone")]
    public Task Ten_thousand_users_are_reported_at_the_configured_rate_in_flat_memory() => Close(users: 10_000, rate: 200, least: 0.95);

    /// <param name="least">Of the rate, what is to be reached at least.</param>
    private static async Task Close(int users, int rate, double least)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var folder = Directory.CreateTempSubdirectory("period-close-");
        await using var stripe = await StripeProcess.Start();
        var file = new SqliteStreamsSettings(Path.Combine(folder.FullName, "events.db"));
        await using (var streams = new SqliteStreams(file, TimeProvider.System))
        {
            var names = Enumerable.Range(0, users).Select(number => $"user{number:D5}").ToList();
            var ledgers = new Ledgers(streams);
            await Parallel.ForEachAsync(names, stop.Token, async (name, _) => await ledgers.End(name, Tokens, customer: "cus_" + name));
            var before = GC.GetTotalMemory(true);
            await using var stack = await Stack.Start(Broker.Address, streams, SettingsOf(stripe, users, rate));
            foreach (var name in names) await stack.Planned(name, stop.Token);
            var planned = GC.GetTotalMemory(true);
            await stack.Sender.WhenIdle().WaitAsync(stop.Token);
            foreach (var name in names) await stack.Billing.WaitFor(name, 3, stop.Token);
            var after = GC.GetTotalMemory(true);
            var reached = RateOf(stack, names);
            await TestContext.Out.WriteLineAsync(
                $"{users} users, {rate}/s configured: {reached:F1}/s; live heap {before >> 10} KiB before, "
                + $"{planned >> 10} KiB with all planned, {after >> 10} KiB after: {(after - before) / users} bytes a user");
            Assert.That(reached, Is.InRange(rate * least, rate * 1.02));
            Assert.That(planned - after, Is.LessThan((1 << 20) + (users << 10)), "what waits to be sent weighs less than what is known of it");
            Assert.That(after - before, Is.LessThan((8 << 20) + (users << 13)), "what is known of a user and a report");
            await Agree(stack, users);
        }
        folder.Delete(recursive: true);
    }

    /// <summary>Stripe has it all, to the unit, as the command says.</summary>
    private static async Task Agree(Stack stack, int users)
    {
        var total = (await stack.Ops.GetTotalsAsync(new GetTotalsRequest())).Totals.Single();
        Assert.That((total.Reports, total.Accepted), Is.EqualTo(((long)users, users * Tokens)));
        var (code, said) = await stack.Command("reconcile", "--record");
        Assert.That((code, said), Is.EqualTo((0, string.Create(
            CultureInfo.InvariantCulture, $"{users:N0} windows compared, 0 differ, 0 failed, 0 skipped; {users:N0} reports confirmed, "
            + $"0 missing; {users:N0} reads left\n"))));
    }

    private static double RateOf(Stack stack, List<string> names)
    {
        var sent = names.ConvertAll(name => stack.Billing.Read(name, state => state.Reports.Single().SentAt));
        return (names.Count - 1) / (sent.Max() - sent.Min()).TotalSeconds;
    }

    private static (string, string)[] SettingsOf(StripeProcess stripe, int users, int rate) =>
    [
        ("Stripe:ApiBase", stripe.Address), ("Stripe:RequestsPerSecond", $"{rate}"), ("Stripe:Concurrency", "64"),
        ("Billing:Reconcile:Settle", "00:00:00"), ("Billing:Reconcile:ReadsPerSecond", "10000"),
        ("Billing:Reconcile:ReadsPerMonth", $"{1 + (2 * users)}"),
    ];
}
