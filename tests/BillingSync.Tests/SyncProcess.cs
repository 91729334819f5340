using Metering.BillingSync.Messages;
using Metering.BillingSync.Ops;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Scheduling;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.BillingSync.Tests;

/// <summary>The service from its intake to its sink, as one life of a process over streams that outlive it.</summary>
internal sealed class SyncProcess : IAsyncDisposable
{
    private readonly BillingFollower follower;
    private readonly StripeSummaries summaries;
    private readonly StripeReads reads;
    private readonly IEventStreams streams;
    private readonly DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner;

    public SyncProcess(IEventStreams streams, IUsageSink sink, StripeOptions options, TimeProvider clock, BillingOptions? billing = null)
    {
        var settings = billing ?? new BillingOptions();
        var model = new BillingModel(settings.ToPolicy());
        var runner = new DecisionRunner<BillingState, BillingCommand, BillingAnswer>(streams, model, new RunnerOptions(), clock, NullLogger.Instance);
        Sender = new ReportSender(runner, sink, options, clock, NullLogger<ReportSender>.Instance);
        Intake = new PeriodIntake(runner, Sender);
        follower = new BillingFollower(streams, View, Sender, clock, NullLogger<BillingFollower>.Instance);
        Resync = new Resync(streams, runner, Sender, model, clock);
        Retrying = new Retrying(View, Resync, Sender);
        Schedule = new BillingSchedule(
            streams, View, follower, Resync, settings, settings.ToPolicy(), clock, NullLogger<BillingSchedule>.Instance);
        summaries = new StripeSummaries(options, settings.Reconcile, new ReadBudget(streams, settings.Reconcile, clock), clock);
        Reconciler = new Reconciler(View, summaries, runner, settings.ToPolicy(), settings.Reconcile, clock);
        reads = new StripeReads(options);
        var told = new DecisionRunner<StripeState, StripeCommand, Known>(
            streams, new StripeModel(), new RunnerOptions(), clock, NullLogger.Instance);
        Errors = new ErrorReports(told, runner, View, reads, options, clock, NullLogger<ErrorReports>.Instance);
        this.streams = streams;
        this.runner = runner;
    }

    public Resync Resync { get; }
    public Retrying Retrying { get; }
    public Reconciler Reconciler { get; }
    public ErrorReports Errors { get; }
    public BillingFollower Follower => follower;

    /// <summary>Its rounds are asked for: it does not run by itself.</summary>
    public BillingSchedule Schedule { get; }

    public PeriodIntake Intake { get; }
    public ReportSender Sender { get; }
    public BillingView View { get; } = new();

    public async Task<SyncProcess> Start()
    {
        await follower.StartAsync(CancellationToken.None);
        await follower.Resumed;
        return this;
    }

    public async Task Settle(TakeTotals totals)
    {
        await Intake.Take(totals, CancellationToken.None);
        await Sender.WhenIdle();
    }

    public async Task<Stands> MarkMissing(string user, string identifier, string why) => (Stands)await runner.Handle(
        BillingModel.StreamOf(user), new MarkMissing(identifier, why), new Caller("test", null), CancellationToken.None);

    /// <summary>Has a command decided on a user's reports.</summary>
    public Task<BillingAnswer> Ask(string user, BillingCommand command) =>
        runner.Handle(BillingModel.StreamOf(user), command, new Caller("test", null), CancellationToken.None);

    /// <summary>The only report of a user, once the view shows it as the streams hold it.</summary>
    public async Task<Report> TheReport(IEventStreams streams, string user)
    {
        var last = -1L;
        await foreach (var stored in streams.Read(BillingModel.StreamOf(user), Direction.Backwards, Revisions.End, 1)) last = stored.Revision;
        await View.WaitFor(user, last, CancellationToken.None);
        return View.Read(user, state => state.Reports.Single());
    }

    /// <summary>Completes once the view has all that is stored of everyone's reports.</summary>
    public async Task Caught()
    {
        await foreach (var batch in streams.Subscribe(Position.Start, [BillingModel.Prefix], CancellationToken.None))
            if (batch.CaughtUp)
            {
                await View.WaitFor(batch.Upto, CancellationToken.None);
                return;
            }
    }

    public async ValueTask DisposeAsync()
    {
        await follower.StopAsync(CancellationToken.None);
        follower.Dispose();
        Schedule.Dispose();
        Errors.Dispose();
        reads.Dispose();
        summaries.Dispose();
        Sender.Dispose();
    }
}
