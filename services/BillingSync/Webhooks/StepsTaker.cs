using Metering.Kernel.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>
/// Does what was planned and Accounts never answered, whether or not Stripe delivers it again: one customer after the other; who fails goes
/// to the end of the queue, and as long as all fail, the pauses grow.
/// </summary>
internal sealed partial class StepsTaker(
    OpenSteps open, IServiceProvider services, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<StepsTaker> logger)
    : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Accounts may be in this very process: only then is its address known
        await lifetime.WaitForStart(stoppingToken);
        var intake = services.GetRequiredService<WebhookIntake>();
        for (var failures = 0; ;)
        {
            var subject = await open.Next(stoppingToken);
            failures = await TryTakeUp(intake, subject, stoppingToken) ? 0 : failures + 1;
            if (failures > 0) await Task.Delay(PauseAfter(failures), clock, stoppingToken);
        }
    }

    private async Task<bool> TryTakeUp(WebhookIntake intake, string subject, CancellationToken cancellation)
    {
        try
        {
            await intake.TakeUp(subject, cancellation);
            open.Tried(null);
            return true;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(subject, failure.Message);
            open.Tried(failure is AccountsAwayException ? failure.Message : null);
            return false;
        }
    }

    private static TimeSpan PauseAfter(int failures)
    {
        var doubled = FirstPause * (1L << Math.Min(failures - 1, 30));
        return doubled < LongestPause ? doubled : LongestPause;
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "what {Customer} is to have could not be asked of Accounts, and will be again: {Why}")]
    private partial void LogFailed(string customer, string why);
}
