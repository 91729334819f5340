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

    // In the order of ids, which is that of their times: 40 bytes each. A new id is nearly always the last or close to it, the first is
    // forgotten first.
    private Entry[] entries = [];
    private int first, end;

    /// <summary>The newest time of an id forgotten so far, in Unix milliseconds.</summary>
    public long ForgottenUpto { get; private set; } = long.MinValue;

    public int Count => end - first;

    /// <summary>What is remembered, oldest id first: for snapshots.</summary>
    public IEnumerable<(Guid Id, Remembered Remembered)> All => entries.Take(first..end).Select(entry => (entry.Id, entry.Remembered));

    public bool TryGet(Guid id, out Remembered remembered)
    {
        var at = PlaceOf(id);
        var found = at < end && entries[at].Id == id;
        remembered = found ? entries[at].Remembered : default;
        return found;
    }

    /// <summary>True if an id of this time may have been done and forgotten, or would be forgotten at once.</summary>
    public bool IsTooOld(Guid id, DateTimeOffset at) => TimeOf(id) <= Math.Max(ForgottenUpto, (at - Horizon).ToUnixTimeMilliseconds());

    /// <summary>Remembers an id, as it was done first; forgets those that are too old then.</summary>
    public void Add(Guid id, ContentHash content, long revision, DateTimeOffset at)
    {
        var place = PlaceOf(id);
        if (place == end || entries[place].Id != id) Insert(place, new Entry(id, new Remembered(content, revision)));
        var horizon = (at - Horizon).ToUnixTimeMilliseconds();
        while (first < end && (TimeOf(entries[first].Id) < horizon || Count > Most)) Forget();
        if (entries.Length > 16 && Count * 5 < entries.Length * 2) MoveTo(new Entry[Count * 3 / 2]);
    }

    /// <summary>Takes over what a snapshot remembered.</summary>
    public void Restore(long forgottenUpto, IEnumerable<(Guid Id, Remembered Remembered)> all)
    {
        ForgottenUpto = forgottenUpto;
        entries = [.. all.OrderBy(one => one.Id).Select(one => new Entry(one.Id, one.Remembered))];
        (first, end) = (0, entries.Length);
    }

    /// <summary>The Unix milliseconds that a UUIDv7 begins with.</summary>
    public static long TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }

    /// <summary>Where an id is, or belongs.</summary>
    private int PlaceOf(Guid id)
    {
        if (first == end || entries[end - 1].Id.CompareTo(id) < 0) return end;
        var (low, high) = (first, end - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].Id.CompareTo(id) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private void Insert(int place, Entry entry)
    {
        if (end == entries.Length)
        {
            place -= first;
            MoveTo(Count < entries.Length * 3 / 4 ? entries : new Entry[Count * 3 / 2 + 4]);
        }
        Array.Copy(entries, place, entries, place + 1, end - place);
        entries[place] = entry;
        end++;
    }

    /// <summary>
    /// Moves all to the front of this or another array. Of more than a few ids, none stays filled by less than two fifths: 100 bytes an id at most.
    /// </summary>
    private void MoveTo(Entry[] other)
    {
        Array.Copy(entries, first, other, 0, Count);
        (entries, first, end) = (other, 0, Count);
    }

    private void Forget() => ForgottenUpto = Math.Max(ForgottenUpto, TimeOf(entries[first++].Id));

    private readonly record struct Entry(Guid Id, Remembered Remembered);
}

/// <summary>A command that was done: the hash of its content and where its events start.</summary>
public readonly record struct Remembered(ContentHash Content, long Revision);
