namespace Metering.Ledger.Accounts;

/// <summary>
/// The command ids that state remembers (rule 15): those younger than the horizon, at most <see cref="Most"/>, forgetting the oldest first by
/// the id's own time. What is older than the newest one forgotten is never executed again.
/// </summary>
public sealed class RememberedIds
{
    /// <summary>How long after its own time an id is remembered.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    /// <summary>How far ahead of the ledger's time an id may be dated.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(60);

    /// <summary>At most so many are remembered per user.</summary>
    public const int Most = 65_536;

    private readonly Dictionary<Guid, Remembered> byId = [];
    private readonly PriorityQueue<Guid, Guid> oldest = new();

    /// <summary>The newest time of an id forgotten so far, in Unix milliseconds.</summary>
    public long ForgottenUpto { get; private set; } = long.MinValue;

    public int Count => byId.Count;

    /// <summary>What is remembered, oldest id first: for snapshots.</summary>
    public IEnumerable<(Guid Id, Remembered Remembered)> All => byId.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value));

    public bool TryGet(Guid id, out Remembered remembered) => byId.TryGetValue(id, out remembered);

    /// <summary>True if an id of this time may have been done and forgotten, or would be forgotten at once.</summary>
    public bool IsTooOld(Guid id, DateTimeOffset at) => TimeOf(id) <= Math.Max(ForgottenUpto, (at - Horizon).ToUnixTimeMilliseconds());

    public void Add(Guid id, ContentHash content, long revision, DateTimeOffset at)
    {
        if (byId.TryAdd(id, new Remembered(content, revision))) oldest.Enqueue(id, id);
        var horizon = (at - Horizon).ToUnixTimeMilliseconds();
        while (oldest.TryPeek(out var first, out _) && (TimeOf(first) < horizon || byId.Count > Most)) Forget(oldest.Dequeue());
    }

    /// <summary>Takes over what a snapshot remembered.</summary>
    public void Restore(long forgottenUpto, IEnumerable<(Guid Id, Remembered Remembered)> all)
    {
        ForgottenUpto = forgottenUpto;
        foreach (var (id, remembered) in all)
        {
            byId.Add(id, remembered);
            oldest.Enqueue(id, id);
        }
    }

    /// <summary>The Unix milliseconds that a UUIDv7 begins with.</summary>
    public static long TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }

    private void Forget(Guid id)
    {
        byId.Remove(id);
        ForgottenUpto = Math.Max(ForgottenUpto, TimeOf(id));
    }
}

/// <summary>A command that was done: the hash of its content and where its events start.</summary>
public readonly record struct Remembered(ContentHash Content, long Revision);
