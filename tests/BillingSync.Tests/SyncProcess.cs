using Metering.BillingSync.Messages;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Scheduling;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.Deciding;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.BillingSync.Tests;

/// <summary>The service from its intake to its sink, as one life of a process over streams that outlive it.</summary>
internal sealed class SyncProcess : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Keeper keeper;
    private Task keeping = Task.CompletedTask;
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
        // what it waits for is no part of the story: on its own clock
        var (generations, log) = (new MemoryGenerations(BillingProjection.Schema.With<EventCounts>()), NullLogger<Projector>.Instance);
        var (documents, own) = (new LiveReadModel(generations), TimeProvider.System);
        var projector = new Projector(BillingProjection.Projection, documents, streams, own, log);
        var rebuilder = new Rebuilder(BillingProjection.Projection, generations, streams, own, log);
        keeper = new Keeper(generations, projector, rebuilder, own, NullLogger<Keeper>.Instance);
        View = new BillingView(documents, projector, keeper, streams, own);
        Backlog = new Backlog(View, Sender, clock, NullLogger<Backlog>.Instance);
        Resync = new Resync(streams, runner, Sender, model, clock);
        Retrying = new Retrying(View, Resync, Sender);
        Schedule = new BillingSchedule(
            streams, View, Backlog, Resync, settings, settings.ToPolicy(), clock, NullLogger<BillingSchedule>.Instance);
        summaries = new StripeSummaries(options, settings.Reconcile, new ReadBudget(streams, settings.Reconcile, clock), clock);
        Reconciler = new Reconciler(View, streams, summaries, runner, settings.ToPolicy(), settings.Reconcile, clock);
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
    public Backlog Backlog { get; }

    /// <summary>Its rounds are asked for: it does not run by itself.</summary>
    public BillingSchedule Schedule { get; }

    public PeriodIntake Intake { get; }
    public ReportSender Sender { get; }
    public BillingView View { get; }

    public async Task<SyncProcess> Start()
    {
        keeping = keeper.Run(stop.Token);
        await Backlog.StartAsync(CancellationToken.None);
        await Backlog.Resumed;
        return this;
    }

    public async Task Settle(TakeTotals totals)
    {
        await Intake.Take(totals, CancellationToken.None);
        await Sender.WhenIdle();
    }

    public async Task<Stands> MarkMissing(string user, string identifier, string why) => (Stands)await runner.Handle(
        BillingModel.StreamOf(user), new MarkMissing(identifier, why, Force: true), new Caller("test", null), CancellationToken.None);

    /// <summary>Has a command decided on a user's reports.</summary>
    public Task<BillingAnswer> Ask(string user, BillingCommand command) =>
        runner.Handle(BillingModel.StreamOf(user), command, new Caller("test", null), CancellationToken.None);

    /// <summary>A user's reports as the stream holds them.</summary>
    public Task<BillingState> StateOf(string user) => BillingModel.Read(streams, user, CancellationToken.None);

    /// <summary>The only report of a user.</summary>
    public async Task<Report> TheReport(string user) => (await StateOf(user)).Reports.Single();

    /// <summary>Completes once the view has all that is stored of everyone's reports.</summary>
    public Task Caught() => View.CatchUp(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Backlog.StopAsync(CancellationToken.None);
        Backlog.Dispose();
        await stop.CancelAsync();
        await keeping;
        stop.Dispose();
        Schedule.Dispose();
        Errors.Dispose();
        reads.Dispose();
        summaries.Dispose();
        Sender.Dispose();
    }
}
