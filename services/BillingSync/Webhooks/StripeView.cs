using Metering.Kernel.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>All that Stripe told, in memory, folded by the same fold as decisions use; takes up what a former process left undone.</summary>
public sealed partial class StripeView(IEventStreams streams, ErrorReports errors, TimeProvider clock, ILogger<StripeView> logger)
    : BackgroundService
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, StripeState> states = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource changed = New();
    private Position position = Position.Start;

    /// <summary>Completes once everything that was stored at the start has been read.</summary>
    public Task Resumed => resumed.Task;

    /// <summary>Why the view stands still for good; none while it moves.</summary>
    public string? Stopped { get; private set; }

    /// <summary>Reads all, in order of the subjects.</summary>
    public IReadOnlyList<T> Read<T>(Func<string, StripeState, IEnumerable<T>> read)
    {
        lock (gate) return [.. states.SelectMany(one => read(one.Key, one.Value))];
    }

    /// <summary>Completes once the view has so much of a subject.</summary>
    public async Task WaitFor(string subject, Func<StripeState, bool> reached, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (states.TryGetValue(subject, out var state) && reached(state)) return;
                next = changed.Task;
            }
            await next.WaitAsync(cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await foreach (var batch in streams.Subscribe(position, [StripeModel.Prefix], stoppingToken)) Take(batch);
            }
            catch (StreamsUnavailableException away)
            {
                LogAway(away.Message);
                await Task.Delay(Wait, clock, stoppingToken);
            }
            catch (Exception defect) when (!stoppingToken.IsCancellationRequested)
            {
                Stopped = defect.Message;
                LogStopped(defect);
                return;
            }
        }
    }

    private void Take(EventBatch batch)
    {
        lock (gate)
        {
            foreach (var stored in batch.Events)
                StateOf(StripeModel.SubjectOf(stored.Stream)).Fold(StoredFacts.Decode(stored.Type, stored.Data.Span));
            position = batch.Upto;
            Interlocked.Exchange(ref changed, New()).SetResult();
        }
        if (batch.CaughtUp && resumed.TrySetResult())
            foreach (var left in Read(Left)) errors.Begin(left);
    }

    private static IEnumerable<string> Left(string subject, StripeState state) =>
        state is { Errors: { } heard, ErrorsTaken: null } ? [heard.EventId] : [];

    private StripeState StateOf(string subject)
    {
        if (!states.TryGetValue(subject, out var state)) states[subject] = state = new StripeState();
        return state;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event store is away: {Why}")]
    private partial void LogAway(string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "what Stripe told cannot be read any further; webhooks are still taken in")]
    private partial void LogStopped(Exception defect);
}
