using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Ops;

/// <summary>
/// Every user's reports in memory, folded from the streams by the same fold as decisions use: what is shown is what is decided on.
/// </summary>
public sealed class BillingView
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, BillingState> states = new(StringComparer.Ordinal);
    private readonly SortedSet<string> users = new(StringComparer.Ordinal);
    private TaskCompletionSource changed = New();

    /// <summary>How far the streams have been read.</summary>
    public Position Position { get; private set; }

    /// <summary>True once everything that was stored at the start has been read.</summary>
    public bool CaughtUp { get; private set; }

    /// <summary>Takes in what a subscription delivers. An unknown event throws: the reader stops rather than skip a fact.</summary>
    public void Apply(EventBatch batch)
    {
        lock (gate)
        {
            foreach (var stored in batch.Events) StateOf(BillingModel.UserOf(stored.Stream)).Fold(BillingEvents.Decode(stored.Type, stored.Data.Span));
            (Position, CaughtUp) = (batch.Upto, CaughtUp || batch.CaughtUp);
            Interlocked.Exchange(ref changed, New()).SetResult();
        }
    }

    /// <summary>Completes once the view has reached a place in the global order.</summary>
    public Task WaitFor(Position position, CancellationToken cancellation) => WaitFor(() => Position >= position, cancellation);

    /// <summary>Completes once the view has an event of a user's billing stream.</summary>
    public Task WaitFor(string user, long revision, CancellationToken cancellation) =>
        WaitFor(() => (states.GetValueOrDefault(user)?.Revision ?? -1) >= revision, cancellation);

    /// <summary>Reads a user's state; an unknown user has an empty one.</summary>
    public T Read<T>(string user, Func<BillingState, T> read)
    {
        lock (gate) return read(states.GetValueOrDefault(user) ?? new BillingState());
    }

    /// <summary>Reads users in order, from one on, for as long as <paramref name="read"/> asks for more.</summary>
    public void Scan(string from, Func<string, BillingState, bool> read)
    {
        lock (gate)
        {
            if (users.Max is not { } last || string.CompareOrdinal(from, last) > 0) return;
            foreach (var user in users.GetViewBetween(from, last))
                if (!read(user, states[user])) return;
        }
    }

    /// <summary>Finds the report under an identifier, and whose it is; none if there is no such one.</summary>
    public T? Find<T>(string identifier, Func<string, Report, T> read) where T : class
    {
        lock (gate)
        {
            foreach (var (user, state) in states)
                if (state.TryFind(identifier, out var report)) return read(user, report);
            return null;
        }
    }

    /// <summary>Has the sender take up all that is planned and not answered.</summary>
    public void EnqueueAll(ReportSender sender) => Scan("", (user, state) =>
    {
        sender.Enqueue(user, BillingModel.OpenOf(state));
        return true;
    });

    private async Task WaitFor(Func<bool> reached, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (reached()) return;
                next = changed.Task;
            }
            await next.WaitAsync(cancellation);
        }
    }

    private BillingState StateOf(string user)
    {
        if (states.TryGetValue(user, out var state)) return state;
        users.Add(user);
        return states[user] = new BillingState();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
