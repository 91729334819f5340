using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Projecting;

/// <summary>
/// Lets a read model follow the streams: from its checkpoint on, batch by batch, the documents of each and the checkpoint in one transaction.
/// Whatever fails is tried again from the checkpoint, with pauses that double: an event that cannot be folded stops it there, it is never skipped.
/// </summary>
/// <remarks>Any number of instances may project one read model of one store: the one whose batch comes second starts over from the checkpoint.</remarks>
/// <param name="name">The read model's name.</param>
/// <param name="projection">How it follows from events.</param>
/// <param name="documents">Which documents, asked for at each start: those that are live then.</param>
/// <param name="streams">What is followed.</param>
/// <param name="time">The clock and the timers.</param>
/// <param name="log">Where it says what stops it.</param>
public sealed partial class Projector(
    string name, Projection projection, Func<CancellationToken, Task<IReadModel>> documents, IEventStreams streams, TimeProvider time,
    ILogger<Projector> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>How long a batch may take that had begun when the projector was to stop.</summary>
    private static readonly TimeSpan LastBatch = TimeSpan.FromSeconds(5);

    private readonly Wakeup _moved = new();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private Progress _progress = new(Position.Start, false, null, time.GetUtcNow(), null);
    private TimeSpan _pause = FirstPause;

    /// <summary>Of one generation, live or not.</summary>
    public Projector(Projection projection, IReadModel model, IEventStreams streams, TimeProvider time, ILogger<Projector> log)
        : this(model.Schema.Name, projection, _ => Task.FromResult(model), streams, time, log)
    {
    }

    /// <summary>The read model's name.</summary>
    public string Name => name;

    /// <summary>How it stands.</summary>
    public Progress Progress => Volatile.Read(ref _progress);

    /// <summary>For how long the documents may have been behind the streams: zero while caught up.</summary>
    public TimeSpan Lag => Progress is { CaughtUp: false } behind ? time.GetUtcNow() - (behind.CaughtUpAt ?? _startedAt) : TimeSpan.Zero;

    /// <summary>Ends once every event up to <paramref name="position"/> is in the documents.</summary>
    public Task WaitFor(Position position, CancellationToken cancellation) => WaitUntil(progress => progress.Position >= position, cancellation);

    /// <summary>Ends once nothing newer was in the store when it last looked.</summary>
    public Task WaitUntilCaughtUp(CancellationToken cancellation) => WaitUntil(progress => progress.CaughtUp, cancellation);

    /// <summary>Ends once its progress is as <paramref name="wanted"/>.</summary>
    public async Task WaitUntil(Func<Progress, bool> wanted, CancellationToken cancellation)
    {
        for (; ; )
        {
            var moved = _moved.Next;
            if (wanted(Progress))
                return;
            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// Projects until cancelled, and then to the end of the batch that has begun; afterwards it knows no more whether it has caught up.
    /// </summary>
    public async Task Run(CancellationToken cancellation)
    {
        var batch = new CancellationTokenSource();
        await using var onStop = cancellation.Register(() => _ = End(batch));
        await RunOn(cancellation, batch.Token);
        Report(Progress with { CaughtUp = false });
    }

    private async Task End(CancellationTokenSource batch)
    {
        await Task.Delay(LastBatch, time);
        await batch.CancelAsync();
    }

    private async Task RunOn(CancellationToken cancellation, CancellationToken batchEnd)
    {
        while (!cancellation.IsCancellationRequested)
            try
            {
                await Follow(cancellation, batchEnd);
                await Task.Delay(FirstPause, time, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                await Pause(error, cancellation).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    /// <summary>Returns where another instance has been faster.</summary>
    private async Task Follow(CancellationToken cancellation, CancellationToken batchEnd)
    {
        var model = await documents(cancellation);
        var position = await model.Checkpoint(cancellation);
        await foreach (var batch in streams.Subscribe(position, projection.Prefixes, cancellation))
        {
            if (batch.Upto > position && !await Apply(model, batch, position, batchEnd))
                return;
            Moved(position = batch.Upto, batch.CaughtUp);
        }
    }

    private async Task<bool> Apply(IReadModel model, EventBatch batch, Position after, CancellationToken cancellation)
    {
        if (batch.Events.Count == 0)
            return await model.Apply([], after, batch.Upto, cancellation);
        var changed = await projection.Fold(batch.Events, model, cancellation);
        var counts = await model.Load<EventCounts>([Name], cancellation);
        var counted = counts.GetValueOrDefault(Name) ?? new EventCounts(Name, new Dictionary<string, long>());
        return await model.Apply([.. changed, counted.Plus(batch.Events)], after, batch.Upto, cancellation);
    }

    private void Moved(Position position, bool caughtUp)
    {
        var now = time.GetUtcNow();
        _pause = FirstPause;
        Report(new Progress(position, caughtUp, caughtUp ? now : Progress.CaughtUpAt, now, null));
    }

    private Task Pause(Exception error, CancellationToken cancellation)
    {
        LogStopped(error, Name, Progress.Position, _pause);
        Report(Progress with { CaughtUp = false, Error = error });
        var pause = _pause;
        _pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        return Task.Delay(pause, time, cancellation);
    }

    private void Report(Progress progress)
    {
        Volatile.Write(ref _progress, progress);
        _moved.Wake();
    }

    [LoggerMessage(LogLevel.Error, "The read model {Name} stopped at {Position} and tries again in {Pause}")]
    private partial void LogStopped(Exception error, string name, Position position, TimeSpan pause);
}
