namespace Metering.Kernel.Streams.Sqlite;

/// <summary>Where the file is and how much may wait for it. <paramref name="Path"/>: the folder is created if it is missing.</summary>
public sealed record SqliteStreamsSettings(string Path)
{
    /// <summary>Appends that may wait for the disk; further ones are refused at once.</summary>
    public int PendingAppends { get; init; } = 10_000;

    /// <summary>Appends in one transaction, at most.</summary>
    public int BatchAppends { get; init; } = 2_000;

    /// <summary>Bytes after which a transaction takes no further append.</summary>
    public int BatchBytes { get; init; } = 4 << 20;

    /// <summary>Bytes that the log has, about, when it begins anew. With many streams a longer log writes the same pages less often.</summary>
    public int LogBytes { get; init; } = 64 << 20;

    /// <summary>Streams whose last revision is kept in memory, at least; up to twice as many are.</summary>
    public int RecentStreams { get; init; } = 100_000;

    /// <summary>
    /// The newest events of this process that its subscribers are given from memory, at most. Two paces of 50,000 a second: each is
    /// in the way of the collector: with 4,096 of them a pause took 10 ms, with 2,048 eight, with 256 five.
    /// </summary>
    public int TailEvents { get; init; } = 1_024;

    /// <summary>Their data and metadata in bytes, at most.</summary>
    public long TailBytes { get; init; } = 16 << 20;

    /// <summary>How often subscribers are woken, at most, by what this process writes; after a rest they are woken at once.</summary>
    public TimeSpan SubscribersPace { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Events whose places in their streams are written together: see <see cref="Unplaced"/>.</summary>
    public int PlacedAtOnce { get; init; } = 32_768;

    /// <summary>How often subscribers look for what other processes wrote. Own writes wake them at once.</summary>
    public TimeSpan OtherProcessesPoll { get; init; } = TimeSpan.FromMilliseconds(100);
}
