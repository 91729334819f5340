using Metering.BillingSync.ReadModels;
using Metering.Kernel.ReadModels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Sending;

/// <summary>
/// Finds what is to be sent and not in the sender's hands: at the start, after Stripe refused the key, and whatever found no room. It looks
/// only once the read model has all that was stored by then: nothing that was refused before is overlooked, however far that is behind.
/// </summary>
public sealed partial class Backlog(BillingView view, ReportSender sender, TimeProvider clock, ILogger<Backlog> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once all is known that was planned before the start, and the sender takes it up.</summary>
    public Task Resumed => resumed.Task;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await sender.Stop(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TakeUp(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private async Task TakeUp(CancellationToken cancellation)
    {
        var seen = await sender.WhenBehind(cancellation);
        await view.CatchUp(cancellation);
        resumed.TrySetResult();
        for (var rest = KeyRange.All; await sender.WhenRoom(BillingView.Page, cancellation);)
        {
            var page = await view.Range(BilledReport.ByLane, rest, BillingView.Page, cancellation);
            if (page.Count == 0) break;
            rest = TakeUp(page);
        }
        sender.Looked(seen);
    }

    /// <summary>What is left to look at: a lane with enough in hand is passed over.</summary>
    private KeyRange TakeUp(IReadOnlyList<BilledReport> page)
    {
        foreach (var report in page)
            if (!sender.TakeUp(new(report.User, report.Id, report.Standing.StripeCustomer!, report.Planned.EventName)))
                return BilledReport.BeyondLaneOf(report);
        return new(After: BilledReport.ByLane.PlaceOf(page[^1]));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "what is still to be sent could not be looked for; that is tried again")]
    private partial void LogFailed(Exception failure);
}
