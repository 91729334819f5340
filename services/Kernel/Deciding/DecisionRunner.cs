using System.Collections.Concurrent;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging;

namespace Metering.Kernel.Deciding;

/// <summary>
/// One writer per stream and process. Commands for a stream queue in its mailbox; the writer drains what has gathered, decides one after another
/// in memory, appends all resulting events in one append at the exact revision, then answers all. While one append is in flight the next batch
/// gathers: a hot stream gets faster with load. Correct on any number of instances: the store's expected revision decides, not routing.
/// </summary>
public sealed partial class DecisionRunner<TState, TCommand, TAnswer>(
    IEventStreams streams, IStreamModel<TState, TCommand, TAnswer> model, RunnerOptions options, TimeProvider clock, ILogger logger)
    where TState : class
{
    /// <summary>Of data and metadata, about.</summary>
    private const int EventSize = 512;

    private readonly ConcurrentDictionary<string, Mailbox<TState, TCommand, TAnswer>> mailboxes = new();

    /// <summary>Raised after events of a stream became durable through this runner: the stream and its last revision.</summary>
    public event Action<string, long>? Appended;

    /// <summary>
    /// Decides a command on a stream. The answer, denials and reads included, comes only when every event that the decision saw is durable.
    /// </summary>
    /// <exception cref="OverloadedException">Too many commands wait.</exception>
    /// <exception cref="ClashException">Other instances kept winning.</exception>
    /// <exception cref="StreamsUnavailableException">The store is away: the same command id can be sent again safely.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the command may still be done.</exception>
    public Task<TAnswer> Handle(string stream, TCommand command, Caller caller, CancellationToken cancellation)
    {
        var pending = new Pending<TCommand, TAnswer>(command, caller, cancellation);
        Mailbox<TState, TCommand, TAnswer> mailbox;
        bool isWriter;
        do mailbox = Find(stream);
        while (!mailbox.TryAdd(pending, options.WaitingMost, out isWriter));
        if (isWriter) _ = Run(mailbox);
        return pending.Task;
    }

    private Mailbox<TState, TCommand, TAnswer> Find(string stream)
    {
        if (mailboxes.TryGetValue(stream, out var known)) return known;
        if (mailboxes.Count >= options.StreamsCached) Evict();
        return mailboxes.GetOrAdd(stream, name => new(name));
    }

    // Runs on the caller that found the mailbox idle until its first append is in flight: no hop for a quiet user.
    private async Task Run(Mailbox<TState, TCommand, TAnswer> mailbox)
    {
        var batch = mailbox.Drain(options.BatchMost);
        while (batch.Count > 0)
        {
            mailbox.LastUsed = clock.GetTimestamp();
            try
            {
                await Process(mailbox, batch);
            }
            catch (Exception failure)
            {
                mailbox.State = null;
                foreach (var pending in batch) pending.Failure = failure;
            }
            if (IsSnapshotDue(mailbox, SnapshotAfter(mailbox))) _ = TakeSnapshot(mailbox);
            var answered = batch;
            batch = mailbox.Drain(options.BatchMost);
            Leave(answered, isLast: batch.Count == 0);
        }
    }

    /// <summary>
    /// Answers. A caller who is alone goes on here and now, which saves a hop: by then the mailbox is nobody's. Others go on on the pool, side by side.
    /// </summary>
    private static void Leave(List<Pending<TCommand, TAnswer>> answered, bool isLast)
    {
        if (isLast && answered.Count == 1) answered[0].Execute();
        else foreach (var pending in answered) ThreadPool.UnsafeQueueUserWorkItem(pending, preferLocal: false);
    }

    private async Task Process(Mailbox<TState, TCommand, TAnswer> mailbox, List<Pending<TCommand, TAnswer>> batch)
    {
        for (var attempt = 1; attempt <= options.Attempts && batch.Count > 0; attempt++)
        {
            if (mailbox.State is null) await Load(mailbox);
            if (TryDecide(mailbox, batch) is not { } events) continue;
            if (await TryMakeDurable(mailbox, events))
            {
                if (events.Count > 0) Appended?.Invoke(mailbox.Stream, mailbox.Revision);
                return;
            }
            RunnerMeter.Clashes.Add(1);
        }
        throw new ClashException(mailbox.Stream);
    }

    /// <summary>Decides the batch in order; what gave up waiting or no longer fits leaves it. None: a defect spoiled the state, decide anew.</summary>
    private List<NewEvent>? TryDecide(Mailbox<TState, TCommand, TAnswer> mailbox, List<Pending<TCommand, TAnswer>> batch)
    {
        var (events, bytes, now) = (new List<NewEvent>(batch.Count), 0, clock.GetUtcNow());
        batch.RemoveAll(pending => pending.Cancellation.IsCancellationRequested);
        for (var i = 0; i < batch.Count; i++)
        {
            if (bytes >= options.BatchBytesMost)
            {
                PutBack(mailbox, batch, i);
            }
            else if (TryDecide(mailbox, batch[i], now, events) is not { } decided)
            {
                batch.RemoveAt(i);
                return null;
            }
            else
            {
                bytes += decided.Bytes;
                if (decided.Again) PutBack(mailbox, batch, i);
            }
        }
        RunnerMeter.Commands.Add(batch.Count);
        return events;
    }

    private static void PutBack(Mailbox<TState, TCommand, TAnswer> mailbox, List<Pending<TCommand, TAnswer>> batch, int from)
    {
        mailbox.PutBack(batch[from..]);
        batch.RemoveRange(from, batch.Count - from);
    }

    // A command that cannot be decided fails alone; the state it was half folded into is dropped.
    private (int Bytes, bool Again)? TryDecide(Mailbox<TState, TCommand, TAnswer> mailbox, Pending<TCommand, TAnswer> pending, DateTimeOffset now, List<NewEvent> events)
    {
        try
        {
            return Decide(mailbox, pending, now, events);
        }
        catch (Exception defect)
        {
            mailbox.State = null;
            pending.Failure = defect;
            Leave([pending], isLast: false);
            return null;
        }
    }

    private (int Bytes, bool Again) Decide(Mailbox<TState, TCommand, TAnswer> mailbox, Pending<TCommand, TAnswer> pending, DateTimeOffset now, List<NewEvent> events)
    {
        var turn = model.Decide(mailbox.State!, pending.Command, now);
        pending.Answer = turn.Answer;
        var bytes = 0;
        foreach (var fact in turn.Facts)
        {
            var next = Chain.Next(mailbox.Head, mailbox.Stream, mailbox.Revision + 1 + events.Count, fact, pending.Caller);
            events.Add(next);
            bytes += next.Data.Length + next.Metadata.Length;
        }
        return (bytes, turn.Again);
    }

    /// <summary>
    /// True once the batch's events are in the stream. Without events, once it is sure that nothing newer is: before denying, an instance makes sure
    /// that its state is current (rule 6). Otherwise the state knows what is new, or is dropped, and the batch is decided again.
    /// </summary>
    private async Task<bool> TryMakeDurable(Mailbox<TState, TCommand, TAnswer> mailbox, List<NewEvent> events)
    {
        if (events.Count == 0) return !await CatchUp(mailbox);
        try
        {
            mailbox.Revision = (await Append(mailbox.Stream, mailbox.Revision, events)).Revision;
            RunnerMeter.Appends.Add(1);
            return true;
        }
        catch (WrongRevisionException)
        {
            mailbox.State = null;
            return false;
        }
    }

    /// <summary>The identical append is sent again while its outcome is unknown: never a guess.</summary>
    private async Task<Appended> Append(string stream, long revision, List<NewEvent> events)
    {
        for (var resend = 0; ; resend++)
        {
            try
            {
                return await streams.Append(stream, revision, events, CancellationToken.None);
            }
            catch (StreamsUnavailableException away) when (away.OutcomeUnknown && resend < options.Resends)
            {
                await Task.Delay(options.ResendAfter * (1 << resend), clock);
            }
        }
    }

    /// <summary>Folds what others appended; false if there was nothing.</summary>
    private async Task<bool> CatchUp(Mailbox<TState, TCommand, TAnswer> mailbox)
    {
        var any = false;
        await foreach (var stored in streams.Read(mailbox.Stream, Direction.Forwards, mailbox.Revision + 1))
        {
            any = true;
            if (mailbox.State is null) continue;
            if (model.IsAhead(mailbox.State)) mailbox.State = null;
            else Fold(mailbox, stored);
        }
        return any;
    }

    private async Task Load(Mailbox<TState, TCommand, TAnswer> mailbox)
    {
        var snapshot = await streams.LoadSnapshot(mailbox.Stream, CancellationToken.None);
        var restored = snapshot is null ? null : Restore(mailbox.Stream, snapshot);
        if (restored is null || !await TryLoad(mailbox, restored, snapshot!.Revision)) await TryLoad(mailbox, model.Empty(), Revisions.None);
    }

    /// <summary>
    /// Folds what came after a state. The event that the state is as of is read, too: its hash is what the next one's follows from. False if the stream
    /// has none: the state is of another stream, or of one that was cut off.
    /// </summary>
    private async Task<bool> TryLoad(Mailbox<TState, TCommand, TAnswer> mailbox, TState state, long asOf)
    {
        (mailbox.State, mailbox.Revision, mailbox.SnapshotRevision) = (state, Revisions.None, asOf);
        Array.Clear(mailbox.Head);
        await foreach (var stored in streams.Read(mailbox.Stream, Direction.Forwards, Math.Max(0, asOf)))
            if (stored.Revision > asOf) Fold(mailbox, stored);
            else Follow(mailbox, stored);
        return mailbox.Revision >= asOf;
    }

    private void Fold(Mailbox<TState, TCommand, TAnswer> mailbox, StoredEvent stored)
    {
        model.Fold(mailbox.State!, stored);
        Follow(mailbox, stored);
    }

    private static void Follow(Mailbox<TState, TCommand, TAnswer> mailbox, StoredEvent stored)
    {
        mailbox.Revision = stored.Revision;
        Chain.Follow(mailbox.Head, stored);
    }

    // A snapshot is a cache: one that cannot be read costs a full fold, nothing else.
    private TState? Restore(string stream, Snapshot snapshot)
    {
        try
        {
            return model.Restore(snapshot);
        }
        catch (Exception unreadable)
        {
            LogUnreadable(stream, unreadable);
            return null;
        }
    }

    // a busy stream's state is large (it remembers the ids of the last minutes): its snapshots may cost as many bytes as its events, not more
    private int SnapshotAfter(Mailbox<TState, TCommand, TAnswer> mailbox) => Math.Max(options.SnapshotEvery, mailbox.SnapshotSize / EventSize);

    private bool IsSnapshotDue(Mailbox<TState, TCommand, TAnswer> mailbox, int after) =>
        mailbox.State is { } state && mailbox.Revision - mailbox.SnapshotRevision >= after && !model.IsAhead(state);

    private async Task TakeSnapshot(Mailbox<TState, TCommand, TAnswer> mailbox)
    {
        mailbox.SnapshotRevision = mailbox.Revision;
        if (model.Save(mailbox.State!) is not { } saved) return;
        mailbox.SnapshotSize = saved.Data.Length;
        try
        {
            await streams.SaveSnapshot(mailbox.Stream, new Snapshot(mailbox.Revision, saved.Version, saved.Data), CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogNotSaved(mailbox.Stream, failure.Message);
        }
    }

    /// <summary>Makes room: of some streams at hand, the half that was used longest ago.</summary>
    private void Evict()
    {
        var some = mailboxes.Values.Take(64).OrderBy(mailbox => mailbox.LastUsed).ToArray();
        foreach (var mailbox in some.Take((some.Length + 1) / 2))
            if (mailbox.TryClose()) PutOut(mailbox);
    }

    // Closed, it is nobody's: its snapshot is taken on the pool, while whoever needed the room goes on.
    private void PutOut(Mailbox<TState, TCommand, TAnswer> mailbox)
    {
        mailboxes.TryRemove(mailbox.Stream, out _);
        if (IsSnapshotDue(mailbox, options.SnapshotOnEviction))
            ThreadPool.UnsafeQueueUserWorkItem(evicted => _ = TakeSnapshot(evicted), mailbox, preferLocal: false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the snapshot of {Stream} cannot be read; its events are folded instead")]
    private partial void LogUnreadable(string stream, Exception unreadable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "no snapshot of {Stream} was saved: {Why}")]
    private partial void LogNotSaved(string stream, string why);
}
