using Microsoft.Extensions.Hosting;

namespace Metering.Balances.Closing;

/// <summary>Runs the closer with its host.</summary>
internal sealed class ClosingService(Closer closer) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => closer.Run(stoppingToken);
}
