namespace Metering.Kernel.Deciding;

/// <summary>One stream's queue of commands and, while it is kept, its state. Whoever finds it idle becomes its one writer.</summary>
internal sealed class Mailbox<TState, TCommand, TAnswer>(string stream) where TState : class
{
    private readonly Lock gate = new();
    private LinkedList<Pending<TCommand, TAnswer>>? waiting;
    private bool running;
    private bool closed;

    public string Stream { get; } = stream;

    /// <summary>None when it has to be read anew. Only the writer touches it.</summary>
    public TState? State { get; set; }

    /// <summary>The last revision folded into <see cref="State"/> that is in the stream.</summary>
    public long Revision { get; set; }

    /// <summary>
    /// The chain's hash of the last event, those that are decided but not appended yet included: if they never are, <see cref="State"/> is dropped and
    /// this is read anew with it.
    /// </summary>
    public byte[] Head { get; } = new byte[Chain.HashSize];

    /// <summary>The revision of the last snapshot known to be saved.</summary>
    public long SnapshotRevision { get; set; }

    /// <summary>Its size in bytes, if this process saved it.</summary>
    public int SnapshotSize { get; set; }

    /// <summary>When it was last used, for eviction.</summary>
    public long LastUsed { get; set; }

    /// <summary>Queues a command; <paramref name="isWriter"/>: the caller has to run the mailbox. False if it was evicted: look again.</summary>
    public bool TryAdd(Pending<TCommand, TAnswer> pending, int most, out bool isWriter)
    {
        lock (gate)
        {
            isWriter = false;
            if (closed) return false;
            if (waiting?.Count >= most) throw new OverloadedException(Stream);
            pending.WatchCaller();
            (waiting ??= []).AddLast(pending);
            if (running) return true;
            return running = isWriter = true;
        }
    }

    /// <summary>What has gathered, at most so many; none ends the writer's turn.</summary>
    public List<Pending<TCommand, TAnswer>> Drain(int most)
    {
        lock (gate)
        {
            var batch = new List<Pending<TCommand, TAnswer>>(Math.Min(most, waiting?.Count ?? 0));
            while (batch.Count < most && waiting?.First is { } first)
            {
                waiting.RemoveFirst();
                batch.Add(first.Value);
            }
            // while nobody asks for a stream it needs no queue: most that are cached are such
            if (batch.Count == 0) (running, waiting) = (false, null);
            return batch;
        }
    }

    /// <summary>Puts commands that no longer fitted into an append back to the front.</summary>
    public void PutBack(IEnumerable<Pending<TCommand, TAnswer>> rest)
    {
        lock (gate)
            foreach (var pending in rest.Reverse()) (waiting ??= []).AddFirst(pending);
    }

    /// <summary>Closes it for eviction; false if it is in use.</summary>
    public bool TryClose()
    {
        lock (gate)
        {
            if (running || waiting is not null) return false;
            return closed = true;
        }
    }
}

/// <summary>A command that waits for its answer. As a work item it answers.</summary>
internal sealed class Pending<TCommand, TAnswer>(TCommand command, Caller caller, CancellationToken cancellation)
    : TaskCompletionSource<TAnswer>, IThreadPoolWorkItem
{
    private CancellationTokenRegistration givingUp;

    public TCommand Command { get; } = command;
    public Caller Caller { get; } = caller;
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>What it was decided; leaves only when all that the decision saw is durable.</summary>
    public TAnswer? Answer { get; set; }

    /// <summary>Why it failed; none: it is answered.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Has the caller stop waiting when it gives up. Called before anyone can answer.</summary>
    public void WatchCaller()
    {
        if (Cancellation.CanBeCanceled)
            givingUp = Cancellation.UnsafeRegister(static waiting => ((Pending<TCommand, TAnswer>)waiting!).GiveUp(), this);
    }

    public void Execute()
    {
        givingUp.Unregister();
        if (Failure is null) TrySetResult(Answer!);
        else TrySetException(Failure);
    }

    // not in the thread that cancels, which may hold locks
    private void GiveUp() => ThreadPool.UnsafeQueueUserWorkItem(static pending => pending.TrySetCanceled(pending.Cancellation), this, preferLocal: false);
}
