using System.Globalization;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.Sqlite;
using Metering.Kernel.Tests.ReadModels;
using Metering.V1;

namespace Metering.Messaging.Tests;

/// <summary>
/// Everyone's period ends at once: from ledgers in a file over a real broker to the simulator, another process, with read models in
/// PostgreSQL as the stack has them. A result on a double: the simulator.
/// </summary>
/// <remarks>First of all: a bus that an earlier test stopped while it was still connecting may take its messages.</remarks>
[NonParallelizable, Order(1)]
public sealed class PeriodCloseTests
{
    private const long Tokens = 700;

    /// <summary>What may be in memory that does not grow with the users: connections, their buffers, what is in hand.</summary>
    private const long FlatMost = 6 << 20;

    [SetUp, TearDown]
    public Task Clear() => Broker.Clear();

    /// <summary>PERIOD_CLOSE_USERS, numbers with spaces between, measures so many in place of the short form: a minute for 10,000.</summary>
    private static IEnumerable<TestCaseData> Closes() =>
        Environment.GetEnvironmentVariable("PERIOD_CLOSE_USERS") is { Length: > 0 } text
            ? text.Split(' ').Select(users => new TestCaseData(int.Parse(users, CultureInfo.InvariantCulture), 200, 0.95))
            : [new TestCaseData(300, 100, 0.5)];

    /// <param name="least">Of the rate, what is to be reached at least.</param>
    [TestCaseSource(nameof(Closes))]
    public async Task Everyone_is_reported_at_the_configured_rate_in_flat_memory(int users, int rate, double least)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var folder = Directory.CreateTempSubdirectory("period-close-");
        await using var stripe = await StripeProcess.Start();
        var settings = await SettingsOf(stripe, users, rate);
        // what the store remembers of streams is bounded, but not by so few
        var file = new SqliteStreamsSettings(Path.Combine(folder.FullName, "events.db")) { RecentStreams = 100 };
        await using (var streams = new SqliteStreams(file, TimeProvider.System))
        {
            var names = Enumerable.Range(0, users).Select(number => $"user{number:D5}").ToList();
            await using var stack = await Stack.Start(Broker.Address, streams, settings);
            await End(streams, names[..1], stop.Token);
            await stack.Planned(names[0], stop.Token);
            await stack.Sender.WhenIdle().WaitAsync(stop.Token);
            var before = Heap();
            await End(streams, names[1..], stop.Token);
            foreach (var name in names) await stack.Planned(name, stop.Token);
            var planned = Heap();
            await stack.Sender.WhenIdle().WaitAsync(stop.Token);
            await stack.Billing.CatchUp(stop.Token);
            var after = Heap();
            var reached = await RateOf(stack, names[1..]);
            await Agree(stack, users);
            var reconciled = Heap();
            await TestContext.Progress.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{users} users, {rate}/s configured: {reached:F1}/s; live heap {before / 1e6:F1} MB before, "
                + $"{planned / 1e6:F1} MB with all planned, {after / 1e6:F1} MB after, {reconciled / 1e6:F1} MB once reconciled"));
            Assert.That(reached, Is.InRange(rate * least, rate * 1.02));
            Assert.That(planned - before, Is.LessThan(FlatMost), "what is planned and not sent is in the streams");
            Assert.That(after - before, Is.LessThan(FlatMost), "what was reported is in the streams and in the read model");
            Assert.That(reconciled - before, Is.LessThan(FlatMost), "reconciling takes a book at a time");
        }
        folder.Delete(recursive: true);
    }

    private static Task End(IEventStreams streams, List<string> names, CancellationToken stop)
    {
        var ledgers = new Ledgers(streams);
        return Parallel.ForEachAsync(names, stop, async (name, _) => await ledgers.End(name, Tokens, customer: "cus_" + name));
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(true);
    }

    /// <summary>Stripe has it all, to the unit, as the command says.</summary>
    private static async Task Agree(Stack stack, int users)
    {
        var total = (await stack.Ops.GetTotalsAsync(new GetTotalsRequest())).Totals.Single();
        Assert.That((total.Reports, total.Accepted), Is.EqualTo(((long)users, users * Tokens)));
        var (code, said) = await stack.Command("reconcile", "--record");
        Assert.That((code, said), Is.EqualTo((0, string.Create(
            CultureInfo.InvariantCulture, $"{users:N0} windows compared, 0 differ, 0 of them to do, 0 failed, 0 skipped; {users:N0} reports confirmed, "
            + $"0 missing; {users:N0} reads left\n"))));
    }

    private static async Task<double> RateOf(Stack stack, List<string> names)
    {
        var sent = new List<DateTimeOffset>();
        foreach (var name in names) sent.Add((await stack.StateOf(name)).Reports.Single().SentAt);
        return (names.Count - 1) / (sent.Max() - sent.Min()).TotalSeconds;
    }

    private static async Task<(string, string)[]> SettingsOf(StripeProcess stripe, int users, int rate) =>
    [
        ("ReadModels", await PostgresServer.Empty("billing", "publishing")),
        ("Stripe:ApiBase", stripe.Address), ("Stripe:RequestsPerSecond", $"{rate}"),
        ("Billing:Reconcile:Settle", "00:00:00"), ("Billing:Reconcile:ReadsPerSecond", "10000"),
        ("Billing:Reconcile:ReadsPerMonth", $"{1 + (2 * users)}"),
    ];
}
