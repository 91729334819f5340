namespace Metering.BillingSync.Sending;

/// <summary>One customer on one Stripe meter: what of it is in hand, one call at a time.</summary>
internal sealed class Lane((string Customer, string Meter) key)
{
    public (string Customer, string Meter) Key => key;
    public Queue<SendJob> Queue { get; } = [];

    /// <summary>In hand, the one under way included.</summary>
    public int Count { get; set; }

    /// <summary>The one under way waits after a failure, and the others with it.</summary>
    public bool IsStuck { get; set; }

    /// <summary>More is to be sent than was taken: it is looked for once this is done.</summary>
    public bool HasMore { get; set; }

    public bool IsFull => IsStuck || Count >= Lanes.LaneMost;
}

/// <summary>
/// What the sender has in hand, bounded however much is to be sent: what finds no room is in its stream, and is looked for in the read
/// model (<see cref="IsBehind"/>). While anything is to be looked for, nothing is taken but what is found there: so every lane is in order.
/// </summary>
internal sealed class Lanes
{
    /// <summary>Reports in hand, but for those that are stuck.</summary>
    public const int Room = 1_000;

    /// <summary>Reports in hand of one lane: one that is long or slow leaves room for the others.</summary>
    public const int LaneMost = 8;

    /// <summary>
    /// Reports that wait after a failure beside that room, so that they hold up nobody. More of them fill it: then it is no longer some
    /// customers' trouble, and memory stays bounded.
    /// </summary>
    public const int StuckMost = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Customer, string Meter), Lane> lanes = [];
    private readonly HashSet<string> inHand = new(StringComparer.Ordinal);
    private int stuck;
    private long refusals;
    private bool isClosed;
    private TaskCompletionSource changed = New();
    private TaskCompletionSource idle = New();

    /// <summary>Something is to be sent that is not in hand, or may be: so it is at the start.</summary>
    public bool IsBehind { get; private set; } = true;

    public int Count
    {
        get { lock (gate) return inHand.Count; }
    }

    /// <summary>Completes once nothing is in hand or to be looked for, or nothing more will be sent.</summary>
    public Task WhenIdle()
    {
        lock (gate) return idle.Task;
    }

    /// <summary>Completes once something is to be looked for; what to say <see cref="Looked"/> with, once it was.</summary>
    public async Task<long> WhenBehind(CancellationToken cancellation)
    {
        await Until(() => IsBehind && !isClosed, cancellation);
        lock (gate) return refusals;
    }

    /// <summary>Completes once there is room for so many more; false if nothing more will be sent.</summary>
    public async Task<bool> WhenRoom(int count, CancellationToken cancellation)
    {
        await Until(() => isClosed || HasRoom(count), cancellation);
        lock (gate) return !isClosed;
    }

    /// <summary>All was looked for that had been refused by then.</summary>
    public void Looked(long seen) => Change(() => IsBehind = refusals != seen);

    /// <summary>Takes a report that was planned just now, if nothing older is to be looked for first. A lane that begins is to run.</summary>
    public Lane? Add(SendJob job)
    {
        lock (gate)
        {
            if (isClosed || inHand.Contains(job.Identifier)) return null;
            if (Find(job) is { } lane && (lane.HasMore || lane.IsFull)) lane.HasMore = true;
            else if (IsBehind || !HasRoom(1)) FallBehind();
            else return Put(job);
            return null;
        }
    }

    /// <summary>Takes a report that was looked for. False if its lane has no room: it is looked for again once that is done.</summary>
    public bool TryAdd(SendJob job, out Lane? begun)
    {
        lock (gate)
        {
            begun = null;
            if (isClosed || inHand.Contains(job.Identifier)) return true;
            if (Find(job) is { IsFull: true } lane) return !(lane.HasMore = true);
            begun = Put(job);
            return true;
        }
    }

    /// <summary>What comes next in a lane; none ends it.</summary>
    public SendJob? Next(Lane lane)
    {
        lock (gate)
        {
            if (lane.Queue.TryDequeue(out var job)) return job;
            lanes.Remove(lane.Key);
            if (lane.HasMore) FallBehind();
            else Changed();
            return null;
        }
    }

    public void Done(Lane lane, SendJob job) => Change(() =>
    {
        inHand.Remove(job.Identifier);
        lane.Count--;
    });

    /// <summary>It waits after a failure, or goes on.</summary>
    public void Stick(Lane lane, bool isStuck) => Change(() =>
    {
        lane.IsStuck = isStuck;
        stuck += isStuck ? lane.Count : -lane.Count;
    });

    /// <summary>Nothing more is taken.</summary>
    public void Close() => Change(() => isClosed = true);

    /// <summary>Goes on: everything that is to be sent is to be looked for.</summary>
    public void Open()
    {
        lock (gate)
        {
            isClosed = false;
            FallBehind();
        }
    }

    private bool HasRoom(int count) => inHand.Count - Math.Min(stuck, StuckMost) + count <= Room;

    private Lane? Find(SendJob job) => lanes.GetValueOrDefault((job.StripeCustomer, job.StripeMeter));

    private Lane? Put(SendJob job)
    {
        var (lane, key) = (Find(job), (job.StripeCustomer, job.StripeMeter));
        var own = lane ?? (lanes[key] = new Lane(key));
        inHand.Add(job.Identifier);
        own.Queue.Enqueue(job);
        own.Count++;
        Changed();
        return lane is null ? own : null;
    }

    private void FallBehind()
    {
        (IsBehind, refusals) = (true, refusals + 1);
        Changed();
    }

    private void Change(Action change)
    {
        lock (gate)
        {
            change();
            Changed();
        }
    }

    private void Changed()
    {
        var isIdle = lanes.Count == 0 && (isClosed || !IsBehind);
        if (isIdle) idle.TrySetResult();
        else if (idle.Task.IsCompleted) idle = New();
        Interlocked.Exchange(ref changed, New()).SetResult();
    }

    private async Task Until(Func<bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (holds()) return;
                next = changed.Task;
            }
            await next.WaitAsync(cancellation);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
