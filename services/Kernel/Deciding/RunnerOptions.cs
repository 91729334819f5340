namespace Metering.Kernel.Deciding;

/// <summary>The limits of a decision runner.</summary>
public sealed class RunnerOptions
{
    /// <summary>Streams whose state is kept in memory, least recently used out (1 or more).</summary>
    public int StreamsCached { get; set; } = 100_000;

    /// <summary>Commands that may wait for one stream (1 or more); further ones are refused at once.</summary>
    public int WaitingMost { get; set; } = 4_096;

    /// <summary>Commands decided for one append (1 or more).</summary>
    public int BatchMost { get; set; } = 256;

    /// <summary>Bytes of events after which no further command joins an append; well below the store's 1 MiB.</summary>
    public int BatchBytesMost { get; set; } = 512 * 1024;

    /// <summary>How often a batch is decided before a clash is given up as ABORTED.</summary>
    public int Attempts { get; set; } = 5;

    /// <summary>How often an append of unknown outcome is sent again before its callers are told UNAVAILABLE.</summary>
    public int Resends { get; set; } = 3;

    /// <summary>The wait before the first resend; doubled for each further one.</summary>
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Events after which a snapshot is taken (1 or more).</summary>
    public int SnapshotEvery { get; set; } = 5_000;

    /// <summary>Events since the last snapshot from which on a stream that is put out of memory leaves another (1 or more).</summary>
    public int SnapshotOnEviction { get; set; } = 100;
}
