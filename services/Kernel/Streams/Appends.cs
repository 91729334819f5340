namespace Metering.Kernel.Streams;

/// <summary>What every store takes in one append, so that an adapter refuses what another would.</summary>
public static class Appends
{
    /// <summary>The most bytes in one append: the limit of an EventStoreDB node with its default settings.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>What an event counts towards <see cref="MaxBytes"/>: data, metadata and two bytes per character of its type.</summary>
    public static int Size(NewEvent item) => item.Data.Length + item.Metadata.Length + 2 * item.Type.Length;

    /// <summary>Checks an append before it is sent and returns its size in bytes.</summary>
    /// <exception cref="ArgumentException">No stream, an impossible revision, no events or too many bytes.</exception>
    public static int Check(string stream, long expectedRevision, IReadOnlyList<NewEvent> events)
    {
        ArgumentException.ThrowIfNullOrEmpty(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(expectedRevision, Revisions.None);
        if (events.Count == 0)
            throw new ArgumentException($"an append to {stream} without events", nameof(events));
        var bytes = events.Sum(item => (long)Size(item));
        if (bytes > MaxBytes)
            throw new ArgumentException($"an append of {bytes} bytes to {stream}: at most {MaxBytes} are taken at once", nameof(events));
        return (int)bytes;
    }
}
