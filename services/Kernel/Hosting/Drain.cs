using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Hosting;

/// <summary>
/// An orderly end. Once the program is to stop, readiness is red, new calls are refused with UNAVAILABLE, which sends callers to another
/// instance, and those under way are answered. Only then, or when they took too long, does the program stop listening and end what runs
/// beside calls.
/// </summary>
public sealed partial class Drain(TimeSpan longest, IHostApplicationLifetime lifetime, ILogger<Drain> log)
    : IHostedLifecycleService, IHealthCheck
{
    /// <summary>The name of the setting: how long calls under way may take to end.</summary>
    public const string Setting = "DrainTimeout";

    /// <summary>The name of the health check that is red once the program is to stop.</summary>
    public const string Check = "serving";

    // the connections end next, and .NET's client takes that, if it comes at once, for the end of a stream on which it was still sending
    private static readonly TimeSpan UntilHeard = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int underWay;
    private volatile bool refuses;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
            ? HealthCheckResult.Unhealthy("the program is stopping")
            : HealthCheckResult.Healthy());

    /// <summary>Before anything is stopped: by now readiness is red.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        refuses = true;
        Interlocked.MemoryBarrier();
        if (underWay == 0) ended.TrySetResult();
        try
        {
            await ended.Task.WaitAsync(longest, TimeProvider.System, cancellationToken);
            await Task.Delay(UntilHeard, TimeProvider.System, cancellationToken);
        }
        catch (Exception overdue) when (overdue is TimeoutException or OperationCanceledException)
        {
            LogOverdue(underWay, longest);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal async Task Handle(HttpContext context, RequestDelegate next)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
        {
            await next(context);
        }
        else if (!TryBegin())
        {
            context.Response.Refuse(
                StatusCode.Unavailable, "this instance is stopping: nothing was done, send it to another one with the same id");
        }
        else
        {
            try
            {
                await next(context);
            }
            finally
            {
                End();
            }
        }
    }

    // it counts before it looks, as StoppingAsync refuses before it looks: one of both sees the other
    private bool TryBegin()
    {
        Interlocked.Increment(ref underWay);
        if (!refuses) return true;
        End();
        return false;
    }

    private void End()
    {
        if (Interlocked.Decrement(ref underWay) == 0 && refuses) ended.TrySetResult();
    }

    [LoggerMessage(LogLevel.Warning, "{Calls} calls were still under way {Longest} after the program was to stop, and are cut off")]
    private partial void LogOverdue(int calls, TimeSpan longest);
}

/// <summary>Registration.</summary>
public static class DrainRegistration
{
    private static readonly TimeSpan LongestOfAll = TimeSpan.FromHours(1);

    // what runs beside calls ends within this
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>Adds it. Setting: <c>DrainTimeout</c>.</summary>
    /// <exception cref="InvalidOperationException">The setting is no time from 0 to an hour.</exception>
    public static IServiceCollection AddDrain(this IServiceCollection services, IConfiguration configuration)
    {
        var longest = Read(configuration[Drain.Setting]);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Drain>(provider, longest));
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHealthChecks().AddCheck<Drain>(Drain.Check, tags: ["ready"]);
        return services.Configure<HostOptions>(host => host.ShutdownTimeout = longest + Rest);
    }

    /// <summary>Counts and refuses calls. Before anything is mapped.</summary>
    public static void UseDrain(this WebApplication app) => app.Use(app.Services.GetRequiredService<Drain>().Handle);

    private static TimeSpan Read(string? setting) =>
        TimeSpan.TryParse(setting, CultureInfo.InvariantCulture, out var longest) && longest >= TimeSpan.Zero && longest <= LongestOfAll
            ? longest
            : throw new InvalidOperationException($"{Drain.Setting} is '{setting}'; expected a time from 00:00:00 to 01:00:00");
}
