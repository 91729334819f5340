using Metering.Kernel.ReadModels;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Projecting;

/// <summary>
/// Keeps a read model while it is this instance's turn: its projector follows the streams, a rebuild that was begun goes on. Until then
/// the instance stands by. What another instance takes over it stops, at the latest some seconds later; what it would still apply does
/// not land.
/// </summary>
public sealed partial class Keeper(
    IGenerations generations, Projector projector, Rebuilder rebuilder, TimeProvider time, ILogger<Keeper> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>A keeper that has said nothing for this long is taken for gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private static readonly string Instance = $"{Environment.MachineName}/{Environment.ProcessId}";

    private bool _keeping;
    private Exception? _error;

    /// <summary>The read model's name.</summary>
    public string Name => projector.Name;

    /// <summary>Its documents.</summary>
    public IGenerations Generations => generations;

    /// <summary>True while it is this instance's turn.</summary>
    public bool IsKeeping => Volatile.Read(ref _keeping);

    /// <summary>Stands by and keeps, in turns, until cancelled.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
            try
            {
                await using var turn = await generations.Turn(cancellation);
                Volatile.Write(ref _error, null);
                await Keep(turn, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogEnded(error, Name);
                Volatile.Write(ref _error, error);
                await Task.Delay(Every, time, cancellation)
                    .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    /// <summary>
    /// How the read model stands: in this instance's words while it keeps it, else in those of the one that does; none if none does.
    /// </summary>
    /// <exception cref="Exception">The store of the documents cannot be read.</exception>
    public async Task<Standing?> Standing(CancellationToken cancellation)
    {
        if (IsKeeping)
            return Own;
        return await generations.Standing(cancellation) is { } said && said.Ago < Silence ? said.Standing : null;
    }

    /// <summary>What keeps this instance from its turn.</summary>
    public Exception? Error => Volatile.Read(ref _error);

    private Standing Own => new(
        Instance, projector.Progress.UpdatedAt, projector.Progress.CaughtUpAt, projector.Lag, projector.Progress.Error?.Message,
        rebuilder.Error?.Message);

    private async Task Keep(ITurn turn, CancellationToken cancellation)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var following = Follow(own.Token);
        try
        {
            for (Volatile.Write(ref _keeping, true); ;)
            {
                await turn.Say(Own, cancellation);
                await Task.Delay(Every, time, cancellation);
            }
        }
        finally
        {
            Volatile.Write(ref _keeping, false);
            await own.CancelAsync();
            await following;
        }
    }

    // the projector follows one generation; once that is replaced it starts again, on the one that is live then
    private async Task Follow(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var generation = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var projecting = projector.Run(generation.Token);
            await rebuilder.RunUntilReplaced(cancellation);
            await generation.CancelAsync();
            await projecting;
        }
    }

    [LoggerMessage(LogLevel.Warning, "This instance's turn to keep the read model {Name} ended; it stands by")]
    private partial void LogEnded(Exception error, string name);
}
