using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>More is to be sent than the sender takes in hand. A result on a double: the simulator.</summary>
public sealed class BacklogTests : SimulatedStripe
{
    private const int Users = 1_500;

    [Test]
    public async Task What_finds_no_room_is_sent_later_and_once()
    {
        var gate = new Gate(new StripeMeters(Options));
        await using var process = await Start(gate);
        await Plan(process, Users);
        await process.Caught();
        Assert.That(process.Sender.Waiting, Is.InRange(1, ReportSender.InHandMost));
        gate.Open();
        await process.Sender.WhenIdle();
        Assert.That((Account.Counts.Accepted, Account.Counts.Refused), Is.EqualTo(((long)Users, 0L)));
        Assert.That(Account.Events.Select(e => e.Identifier), Is.Unique);
    }

    [Test]
    public async Task What_a_process_had_planned_the_next_one_sends()
    {
        var gate = new Gate(new StripeMeters(Options));
        await using (var process = await Start(gate))
        {
            await Plan(process, Users);
            var stopping = process.Sender.Stop(CancellationToken.None);
            gate.Open();
            await stopping;
        }
        Assert.That(Account.Events, Has.Count.LessThan(Users));
        await (await StartProcess()).Sender.WhenIdle();
        Assert.That(Account.Events, Has.Count.EqualTo(Users));
        Assert.That(Account.Events.Select(e => e.Identifier), Is.Unique);
    }

    [Test]
    public async Task After_a_refused_key_everything_is_sent()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401 });
        var process = await StartProcess();
        await Plan(process, Users);
        await process.Sender.WhenIdle();
        Assert.That(process.Sender.Halted, Is.Not.Null);
        Assert.That((await process.Retrying.All(CancellationToken.None)).Resumed, Is.True);
        await process.Sender.WhenIdle();
        Assert.That(Account.Events, Has.Count.EqualTo(Users));
    }

    [Test]
    public async Task Customers_in_trouble_hold_up_nobody_however_many_they_are()
    {
        var trouble = new Trouble(new StripeMeters(Options));
        await using var process = await Start(trouble, new StillTime());
        await Plan(process, ReportSender.InHandMost + 100);
        var revision = await process.Intake.Take(Of("well", "cus_well"), CancellationToken.None);
        await process.View.WaitFor("well", revision + 2, CancellationToken.None);
        Assert.That((Account.Events.Single().Customer, process.Sender.Waiting), Is.EqualTo(("cus_well", ReportSender.InHandMost + 100)));
    }

    [Test]
    public async Task A_customer_with_many_reports_in_trouble_holds_up_nobody()
    {
        var trouble = new Trouble(new StripeMeters(Options));
        await using var process = await Start(trouble, new StillTime());
        for (var user = 0; user < Users; user++) await process.Intake.Take(Of($"user{user}", "cus_trouble"), CancellationToken.None);
        var revision = await process.Intake.Take(Of("well", "cus_well"), CancellationToken.None);
        await process.View.WaitFor("well", revision + 2, CancellationToken.None);
        Assert.That(Account.Events.Single().Customer, Is.EqualTo("cus_well"));
        Assert.That(process.Sender.Waiting, Is.InRange(1, ReportSender.OfLaneMost));
    }

    [Test]
    public async Task Of_a_customer_and_meter_the_oldest_is_sent_first()
    {
        var gate = new Gate(new StripeMeters(Options));
        await using var process = await Start(gate);
        const int periods = 5 * ReportSender.OfLaneMost;
        for (var period = 1; period <= periods; period++)
            await process.Intake.Take(Take(10 * period, false, Customer, [Usage(period)], period), CancellationToken.None);
        gate.Open();
        await process.Sender.WhenIdle();
        Assert.That(Account.Events.Select(e => $"{e.Value}"), Is.EqualTo(Enumerable.Range(1, periods).Select(value => $"{value}")));
    }

    private Task<SyncProcess> Start(IUsageSink sink, TimeProvider? clock = null) =>
        new SyncProcess(Streams, sink, Options, clock ?? Time).Start();

    private static Task Plan(SyncProcess process, int users) => Task.WhenAll(Enumerable.Range(0, users).Select(user =>
        process.Intake.Take(Of($"user{user}", $"cus_trouble{user}"), CancellationToken.None)));

    private static TakeTotals Of(string user, string customer) => Ended(10, Usage(1)) with { User = user, StripeCustomer = customer };

    /// <summary>Lets calls through once it is open.</summary>
    private sealed class Gate(IUsageSink sink) : IUsageSink
    {
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => opened.SetResult();

        public async Task<SendResult> Send(Outgoing report, string idempotencyKey)
        {
            await opened.Task;
            return await sink.Send(report, idempotencyKey);
        }
    }

    /// <summary>Some customers' calls settle nothing.</summary>
    private sealed class Trouble(IUsageSink sink) : IUsageSink
    {
        public Task<SendResult> Send(Outgoing report, string idempotencyKey) =>
            report.StripeCustomer.StartsWith("cus_trouble", StringComparison.Ordinal)
                ? Task.FromResult<SendResult>(new SendResult.Later(AttemptEnd.NotTaken, "too many requests"))
                : sink.Send(report, idempotencyKey);
    }

    /// <summary>What is to wait waits for longer than the test takes.</summary>
    private sealed class StillTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
