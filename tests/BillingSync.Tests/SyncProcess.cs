using Metering.BillingSync.Messages;
using Metering.BillingSync.Ops;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.BillingSync.Tests;

/// <summary>The service from its intake to its sink, as one life of a process over streams that outlive it.</summary>
internal sealed class SyncProcess : IAsyncDisposable
{
    private readonly BillingFollower follower;

    public SyncProcess(IEventStreams streams, IUsageSink sink, StripeOptions options, TimeProvider clock)
    {
        var runner = new DecisionRunner<BillingState, BillingCommand, BillingAnswer>(
            streams, new BillingModel(), new RunnerOptions(), clock, NullLogger.Instance);
        Sender = new ReportSender(runner, sink, options, clock, NullLogger<ReportSender>.Instance);
        Intake = new PeriodIntake(runner, Sender);
        follower = new BillingFollower(streams, View, Sender, clock, NullLogger<BillingFollower>.Instance);
    }

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

    /// <summary>The only report of a user, once the view shows it as the streams hold it.</summary>
    public async Task<Report> TheReport(IEventStreams streams, string user)
    {
        var last = -1L;
        await foreach (var stored in streams.Read(BillingModel.StreamOf(user), Direction.Backwards, Revisions.End, 1)) last = stored.Revision;
        await View.WaitFor(user, last, CancellationToken.None);
        return View.Read(user, state => state.Reports.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await follower.StopAsync(CancellationToken.None);
        follower.Dispose();
        Sender.Dispose();
    }
}
