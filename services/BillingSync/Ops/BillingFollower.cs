using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Ops;

/// <summary>Keeps the view, and once it knows everything that was stored, has the sender resume what was planned and not answered.</summary>
public sealed partial class BillingFollower(
    IEventStreams streams, BillingView view, ReportSender sender, TimeProvider clock, ILogger<BillingFollower> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once the sender has what was planned before the start and not answered.</summary>
    public Task Resumed => resumed.Task;

    /// <summary>Why the view stands still for good; none while it moves.</summary>
    public string? Stopped { get; private set; }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await sender.Stop(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && Stopped is null)
        {
            try
            {
                await foreach (var batch in streams.Subscribe(view.Position, [BillingModel.Prefix], stoppingToken)) Take(batch);
            }
            catch (StreamsUnavailableException away)
            {
                LogAway(away.Message);
                await Task.Delay(Pause, clock, stoppingToken);
            }
            catch (Exception defect) when (!stoppingToken.IsCancellationRequested)
            {
                Stopped = defect.Message;
                LogStopped(defect);
            }
        }
    }

    private void Take(EventBatch batch)
    {
        view.Apply(batch);
        if (resumed.Task.IsCompleted || !view.CaughtUp) return;
        view.EnqueueAll(sender);
        resumed.SetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event store is away: {Why}")]
    private partial void LogAway(string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "billing streams cannot be read any further")]
    private partial void LogStopped(Exception defect);
}
