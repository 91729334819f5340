using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>
/// The process dies between any two steps of plan, send and record, messages come twice and out of order, and Stripe's answers get lost: in the end
/// Stripe's sum is the target, to the unit. A result on a double: the simulator.
/// </summary>
public sealed class CrashTests : SimulatedStripe
{
    private const int Seed = 20261120;

    [Test]
    public async Task Died_at_any_one_step_it_goes_on()
    {
        TakeTotals[] messages = [Ended(10, Usage(700)), Closed(12, Usage(650)), Take(20, false, Customer, [Usage(40)], 2)];
        for (var step = 1; step <= 26; step++) await new Schedule(this, $"step{step}", messages, [step]).Run();
    }

    [Test]
    public async Task Random_schedules_come_out_right()
    {
        TestContext.Out.WriteLine($"seed {Seed}");
        for (var number = 0; number < 200; number++) await RandomSchedule(new Random(Seed + number), $"seed{Seed + number}").Run();
    }

    private Schedule RandomSchedule(Random random, string name)
    {
        FaultKind[] kinds = [FaultKind.LoseAnswer, FaultKind.LoseRequest, FaultKind.FailAfter, FaultKind.Answer];
        for (var faults = random.Next(5); faults > 0; faults--)
        {
            var status = random.Next(2) == 0 ? 429 : 503;
            var kind = kinds[random.Next(kinds.Length)];
            var fault = new Fault(kind) { EventName = name, Every = random.Next(1, 4), Times = random.Next(1, 3) };
            Simulator.Faults.Add(kind == FaultKind.Answer ? fault with { Status = status } : fault);
        }
        return new Schedule(this, name, RandomMessages(random), [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(1, 25))]);
    }

    private static TakeTotals[] RandomMessages(Random random)
    {
        var (messages, periods) = (new List<TakeTotals>(), random.Next(1, 4));
        for (var period = 1; period <= periods; period++)
        {
            messages.Add(Take(10 * period, false, random.Next(4) == 0 ? null : Customer, [Usage(random.Next(1000))], period));
            messages.Add(Take((10 * period) + 15, true, Customer, [Usage(random.Next(1000), -random.Next(300))], period));
        }
        messages.AddRange(messages.Where(_ => random.Next(3) == 0).ToList());
        return [.. messages.OrderBy(_ => random.Next())];
    }

    /// <summary>Messages, each delivered until it is acknowledged, to one life of a process after another.</summary>
    private sealed class Schedule(CrashTests test, string name, TakeTotals[] messages, int[] crashes)
    {
        private readonly MemoryStreams streams = new(test.Time);
        private readonly StripeOptions options = new() { ApiKey = "sk_test_" + name, ApiBase = test.Options.ApiBase, RequestsPerSecond = 0 };
        private readonly Queue<TakeTotals> waiting = new(messages.Select(message => OnMeter(message, name)));

        public async Task Run()
        {
            test.Simulator.Account(options.ApiKey).AddMeter(name);
            using var stripe = new StripeMeters(options);
            foreach (var step in crashes) await Live(stripe, new Life(step));
            await Live(stripe, new Life(int.MaxValue));
            Assert.That(waiting, Is.Empty, name);
            await Check();
        }

        private async Task Live(StripeMeters stripe, Life life)
        {
            await using var process = new SyncProcess(new MortalStreams(streams, life), new MortalSink(stripe, life), options, test.Time);
            life.Died = () => _ = process.Sender.Stop(CancellationToken.None);
            await process.Start();
            while (waiting.TryPeek(out var message) && await IsDelivered(process, message, life)) waiting.Dequeue();
            await process.Sender.WhenIdle();
        }

        private static async Task<bool> IsDelivered(SyncProcess process, TakeTotals message, Life life)
        {
            try
            {
                await process.Intake.Take(message, CancellationToken.None);
                return true;
            }
            catch (OperationCanceledException) when (life.IsOver)
            {
                return false;
            }
        }

        private async Task Check()
        {
            var account = test.Simulator.Account(options.ApiKey);
            var planned = await Planned();
            Assert.That(account.Events.Select(e => e.Identifier), Is.Unique, name);
            Assert.That(account.Events.Select(e => (e.Identifier, e.Value.ToString())), Is.EquivalentTo(planned), name);
            Assert.That(account.Total(name, Customer).ToString(), Is.EqualTo(Target().ToString(null, null)), name);
        }

        private long Target() => messages.GroupBy(message => message.Period).Sum(period =>
        {
            var newest = period.MaxBy(message => message.LedgerRevision)!.Lines.Single();
            return Math.Max(0, newest.Total) / newest.Scale;
        });

        private async Task<List<(string, string)>> Planned()
        {
            var planned = new List<(string, string)>();
            await foreach (var stored in streams.Read(BillingModel.StreamOf(User), Direction.Forwards, 0))
                if (BillingEvents.Decode(stored.Type, stored.Data.Span) is ReportPlanned report) planned.Add((report.Identifier, report.Value));
            return planned;
        }

        private static TakeTotals OnMeter(TakeTotals message, string meter) => message with
        {
            Lines = [.. message.Lines.Select(line => line with { StripeMeter = meter })],
        };
    }
}
