using Metering.Kernel.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Metering.Balances.Closing;

/// <summary>Runs the closer with its host, once that has started: only then is its own address known.</summary>
internal sealed class ClosingService(IServiceProvider services, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.WaitForStart(stoppingToken);
        await services.GetRequiredService<Closer>().Run(stoppingToken);
    }
}
