using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
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
        while (await input.ReadAsync(ignored, stoppingToken).ConfigureAwait(false) > 0)
        {
        }
        lifetime.StopApplication();
    }
}

/// <summary>Registration.</summary>
public static class StopWithStdinRegistration
{
    /// <summary>Adds it if <c>--stop-with-stdin</c> is among the arguments.</summary>
    public static IServiceCollection AddStopWithStdin(this IServiceCollection services, string[] args) =>
        args.Contains(StopWithStdin.Option) ? services.AddHostedService<StopWithStdin>() : services;
}
