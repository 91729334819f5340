using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Projecting;

/// <summary>
/// Builds the next generation of a read model, once one was begun: from the first event on, beside the live one, which it replaces when it
/// has caught up. Whatever stops it, a killed process included, it goes on from its own checkpoint; the live one is not touched before.
/// </summary>
public sealed partial class Rebuilder(
    Projection projection, IGenerations generations, IEventStreams streams, TimeProvider time, ILogger<Projector> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private Projector? _building;
    private Exception? _error;

    /// <summary>What stops it now: it tries again, with pauses.</summary>
    public Exception? Error => Volatile.Read(ref _building)?.Progress.Error ?? Volatile.Read(ref _error);

    /// <summary>Ends once it has replaced the live generation, or when cancelled.</summary>
    public async Task RunUntilReplaced(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
            try
            {
                await generations.Sweep(cancellation);
                if (await generations.Next(cancellation) is { } next)
                {
                    await Replace(next, cancellation);
                    return;
                }
                await Pause(null, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogStopped(error, generations.Schema.Name);
                await Pause(error, cancellation);
            }
    }

    private async Task Replace(Generation next, CancellationToken cancellation)
    {
        var projector = new Projector(projection, next.Documents, streams, time, log);
        using var own = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var building = projector.Run(own.Token);
        Volatile.Write(ref _building, projector);
        try
        {
            await Replace(next, projector, cancellation);
            LogReplaced(generations.Schema.Name, next.Number);
        }
        finally
        {
            Volatile.Write(ref _building, null);
            await own.CancelAsync();
            await building;
        }
    }

    private async Task Replace(Generation next, Projector building, CancellationToken cancellation)
    {
        do
        {
            var live = await (await generations.Live(cancellation)).Documents.Checkpoint(cancellation);
            await building.WaitUntil(progress => progress.CaughtUpAt is not null && progress.Position >= live, cancellation);
        }
        while (!await generations.Switch(next, cancellation));
    }

    private async Task Pause(Exception? error, CancellationToken cancellation)
    {
        Volatile.Write(ref _error, error);
        await Task.Delay(Every, time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Error, "The rebuild of the read model {Name} stopped and goes on in a second")]
    private partial void LogStopped(Exception error, string name);

    [LoggerMessage(LogLevel.Information, "The read model {Name} was rebuilt: generation {Number} is live")]
    private partial void LogReplaced(string name, int number);
}
