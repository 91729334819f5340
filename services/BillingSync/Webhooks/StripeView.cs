using Metering.Kernel.Streams;
using Metering.V1;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>
/// What people have to look at, of all that Stripe told; at the start it has taken up what a former process left undone. Whoever has news
/// is folded from the stream, by the same fold as decisions use, and forgotten again: only problems are kept.
/// </summary>
public sealed partial class StripeView(
    IEventStreams streams, ErrorReports errors, OpenSteps open, TimeProvider clock, ILogger<StripeView> logger) : BackgroundService
{
    /// <summary>Of those who have news at the start so many are noted before they are folded, each once.</summary>
    private const int NotedMost = 100_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, IReadOnlyList<StripeProblem>> problems = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource resumed = New();
    private TaskCompletionSource changed = New();
    private Position position = Position.Start;

    /// <summary>Completes once everything that was stored at the start has been read, and what is left of it is taken up.</summary>
    public Task Resumed => resumed.Task;

    /// <summary>Why the view stands still for good; none while it moves.</summary>
    public string? Stopped { get; private set; }

    /// <summary>All problems, in order of the subjects, each with its number among those of its subject.</summary>
    public IReadOnlyList<(string Subject, int Number, StripeProblem Problem)> Problems()
    {
        lock (gate) return [.. problems.SelectMany(one => one.Value.Select((problem, number) => (one.Key, number, problem)))];
    }

    /// <summary>Completes once the view has reached a place in the global order.</summary>
    public async Task WaitFor(Position reached, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (position >= reached) return;
                next = changed.Task;
            }
            await next.WaitAsync(cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (Stopped is null)
        {
            try
            {
                await Follow(stoppingToken);
            }
            catch (StreamsUnavailableException away)
            {
                LogAway(away.Message);
                await Task.Delay(Pause, clock, stoppingToken);
            }
            catch (Exception defect) when (!stoppingToken.IsCancellationRequested)
            {
                Stopped = defect.Message;
                LogStopped(defect);
            }
        }
    }

    private async Task Follow(CancellationToken cancellation)
    {
        var noted = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var batch in streams.Subscribe(position, [StripeModel.Prefix], cancellation))
        {
            noted.UnionWith(batch.Events.Select(stored => StripeModel.SubjectOf(stored.Stream)));
            if (!resumed.Task.IsCompleted && !batch.CaughtUp && noted.Count < NotedMost) continue;
            foreach (var subject in noted) await Look(subject, cancellation);
            noted.Clear();
            Reach(batch);
        }
    }

    private async Task Look(string subject, CancellationToken cancellation)
    {
        var state = new StripeState();
        await foreach (var stored in streams.Read(StripeModel.StreamOf(subject), Direction.Forwards, 0, cancellation: cancellation))
            state.Fold(StoredFacts.Decode(stored.Type, stored.Data.Span));
        if (!resumed.Task.IsCompleted) TakeUp(subject, state);
        var found = StripeTrouble.Of(subject, state).ToList();
        lock (gate)
        {
            if (found.Count == 0) problems.Remove(subject);
            else problems[subject] = found;
        }
    }

    private void TakeUp(string subject, StripeState state)
    {
        if (state is { Errors: { } heard, ErrorsTaken: null }) errors.Begin(heard.EventId);
        if (state.Steps.Any(step => step.IsOpen)) open.Add(subject);
    }

    private void Reach(EventBatch batch)
    {
        lock (gate)
        {
            position = batch.Upto;
            Interlocked.Exchange(ref changed, New()).SetResult();
        }
        if (batch.CaughtUp) resumed.TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event store is away: {Why}")]
    private partial void LogAway(string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "what Stripe told cannot be read any further; webhooks are still taken in")]
    private partial void LogStopped(Exception defect);
}
