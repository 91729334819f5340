using System.Globalization;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Reconciling;

/// <summary>Reconciles everyone every so often, if set, and records what it finds. What differs is logged; nothing is sent.</summary>
public sealed partial class ReconcileSchedule(
    Reconciler reconciler, Backlog backlog, BillingOptions billing, TimeProvider clock, ILogger<ReconcileSchedule> logger)
    : BackgroundService
{
    /// <summary>One round.</summary>
    public async Task Round(CancellationToken cancellation)
    {
        var tally = await reconciler.Run(new ReconcileOrder(Record: true), Tell, cancellation);
        if (tally.Skipped > 0) LogSkipped(tally.Skipped);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (billing.Reconcile.Every is not { } every || billing.File is not null) return;
        await backlog.Resumed.WaitAsync(stoppingToken);
        while (true)
        {
            await Task.Delay(every, clock, stoppingToken);
            try
            {
                await Round(stoppingToken);
            }
            catch (Exception away) when (away is StripeUnreadableException or StreamsUnavailableException)
            {
                LogAway(away.Message);
            }
        }
    }

    private Task Tell(Reconciled seen)
    {
        if (seen.Failure is { } failure) LogUnreadable(seen.Window.Customer, seen.Window.StripeMeter, failure);
        if (seen.Differences.Count == 0) return Task.CompletedTask;
        SyncMeter.Differing.Add(1);
        LogDiffers(seen.Window.Customer ?? "none", seen.Window.StripeMeter, seen.Window.From, seen.Window.To, Text(seen.Differences));
        return Task.CompletedTask;
    }

    private static string Text(IReadOnlyList<Difference> differences) =>
        string.Join(", ", differences.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Value} {part.Cause}")));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Customer} on {StripeMeter} from {From:u} to {To:u} differs from Stripe: {Parts}")]
    private partial void LogDiffers(string customer, string stripeMeter, DateTimeOffset from, DateTimeOffset to, string parts);

    [LoggerMessage(Level = LogLevel.Error, Message = "customer {Customer} on {StripeMeter} cannot be reconciled: {Why}")]
    private partial void LogUnreadable(string? customer, string stripeMeter, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Skipped} windows are not reconciled: Billing:Reconcile:ReadsPerMonth is spent")]
    private partial void LogSkipped(long skipped);

    [LoggerMessage(Level = LogLevel.Warning, Message = "reconciling is put off: {Why}")]
    private partial void LogAway(string why);
}
