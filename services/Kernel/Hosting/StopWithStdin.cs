using Microsoft.Extensions.Hosting;

namespace Metering.Kernel.Hosting;

/// <summary>Ends the host when its standard input closes: a child so started ends with its parent, however that ends.</summary>
public sealed class StopWithStdin(IHostApplicationLifetime lifetime) : BackgroundService
{
    public const string Option = "--stop-with-stdin";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // a console read cannot be cancelled and may block: off the start-up path
        await Task.Yield();
        await using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        while (await input.ReadAsync(ignored, stoppingToken).AsTask().WaitAsync(stoppingToken).ConfigureAwait(false) > 0)
        {
        }
        lifetime.StopApplication();
    }
}
