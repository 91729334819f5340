namespace Metering.Kernel.Streams;

/// <summary>
/// The event store as this product needs it: append at an exact revision, read either way, follow everything.
/// One inherited contract suite (tests/Kernel.Tests/Streams) runs on every adapter.
/// </summary>
public interface IEventStreams
{
    /// <summary>
    /// Appends <paramref name="events"/> to <paramref name="stream"/> if its last revision is exactly
    /// <paramref name="expectedRevision"/> (<see cref="Revisions.None"/> for a stream that does not exist yet), all or nothing,
    /// and returns only once they are durable. The same event ids at the same expected revision are answered as the first
    /// append was, however often: an append whose outcome is unknown is settled by sending it again. Cancelling ends the waiting
    /// only: the events may still be appended.
    /// </summary>
    /// <exception cref="WrongRevisionException">The stream is at another revision; nothing was appended.</exception>
    /// <exception cref="StreamsUnavailableException">
    /// The store cannot be reached. <see cref="StreamsUnavailableException.OutcomeUnknown"/> says whether the events may have been appended.
    /// </exception>
    /// <exception cref="ArgumentException">No events, or more than <see cref="Appends.MaxBytes"/> of them.</exception>
    Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation);

    /// <summary>
    /// The events of a stream from <paramref name="from"/> on (inclusive), forwards or backwards, at most <paramref name="limit"/>.
    /// A stream that does not exist reads as empty. Backwards from <see cref="Revisions.End"/>, or anything past the last event, starts there.
    /// </summary>
    IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default);

    /// <summary>
    /// Every event of the streams whose names start with one of <paramref name="prefixes"/> (ordinal; at least one, an empty one
    /// means all streams), in one global order, from
    /// <paramref name="after"/> (exclusive; <see cref="Position.Start"/> for all) and then live, in batches. An empty batch that
    /// moves the position on says how far the store has been searched; <see cref="EventBatch.CaughtUp"/> that nothing newer was there.
    /// Ends only by cancellation (<see cref="OperationCanceledException"/>) or another exception.
    /// </summary>
    IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation);

    /// <summary>Replaces the one snapshot of a stream; <c>null</c> deletes it. A cache: a lost or stale one costs time, never truth.</summary>
    Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation);

    /// <summary>The last snapshot saved for a stream, or <c>null</c>.</summary>
    Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation);

    /// <summary>The store's clock now (UTC): an instance whose own is more than 2 s off it is not ready (rule 16).</summary>
    Task<DateTimeOffset> Clock(CancellationToken cancellation);
}

/// <summary>An event to append. <paramref name="Type"/> is the stored, versioned name (<c>reserved.v1</c>).</summary>
public sealed record NewEvent(Guid Id, string Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata)
{
    /// <summary>What <see cref="Data"/> says, as its writer has it: never stored, and not changed by anyone. None if there is no such thing.</summary>
    public object? Value { get; init; }
}

/// <summary>An event as stored. <paramref name="Revision"/> counts from 0 in its stream; <paramref name="Position"/> orders all streams.</summary>
public sealed record StoredEvent(
    string Stream, long Revision, Position Position, Guid Id, string Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata)
{
    /// <summary>
    /// What <see cref="Data"/> says, if this process wrote it a moment ago and the store still has it at hand: a subscriber is spared decoding
    /// what the writer had just encoded. None else, so that nobody may count on it.
    /// </summary>
    public object? Value { get; init; }
}

/// <summary>What an append answers: the revision of the last event appended and its position.</summary>
public readonly record struct Appended(long Revision, Position Position);

/// <summary>A state saved as of <paramref name="Revision"/>. <paramref name="Version"/> names the format: a reader ignores one it does not know.</summary>
public sealed record Snapshot(long Revision, string Version, ReadOnlyMemory<byte> Data);

/// <summary>Some events in global order and how far the store has been read with them.</summary>
public sealed record EventBatch(IReadOnlyList<StoredEvent> Events, Position Upto, bool CaughtUp);

/// <summary>A place in the global order of events. Only its order means anything.</summary>
public readonly record struct Position(ulong Commit, ulong Prepare) : IComparable<Position>
{
    /// <summary>Before the first event.</summary>
    public static readonly Position Start;

    public int CompareTo(Position other) => (Commit, Prepare).CompareTo((other.Commit, other.Prepare));
    public static bool operator <(Position left, Position right) => left.CompareTo(right) < 0;
    public static bool operator >(Position left, Position right) => left.CompareTo(right) > 0;
    public static bool operator <=(Position left, Position right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Position left, Position right) => left.CompareTo(right) >= 0;
}

/// <summary>Which way to read.</summary>
public enum Direction { Forwards, Backwards }

/// <summary>Revisions with a meaning of their own.</summary>
public static class Revisions
{
    /// <summary>The revision of a stream that does not exist yet.</summary>
    public const long None = -1;

    /// <summary>Where a backwards read starts to begin with the last event.</summary>
    public const long End = long.MaxValue;
}

/// <summary>The stream is not at the expected revision. Nothing was appended.</summary>
public sealed class WrongRevisionException(string stream, long expected, long actual)
    : Exception($"{stream} is at revision {actual}, not {expected}")
{
    public long Expected { get; } = expected;
    public long Actual { get; } = actual;
}

/// <summary>The event store cannot be reached now.</summary>
public sealed class StreamsUnavailableException(string message, bool outcomeUnknown, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True if the append may have happened: send the identical append again until the answer is definite.</summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;

    /// <summary>True if the store is there, but has more to do than it can: nothing was appended.</summary>
    public bool IsOverloaded { get; init; }
}
