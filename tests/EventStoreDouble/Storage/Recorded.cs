using Google.Protobuf;

namespace Metering.EventStoreDouble.Storage;

/// <summary>An event as a client sent it.</summary>
internal sealed record Proposed(Guid Id, string Type, bool IsJson, ByteString Data, ByteString Metadata)
{
    /// <summary>What it counts towards the limit of an append: data, metadata and two bytes per character of the type.</summary>
    public int Size => Data.Length + Metadata.Length + 2 * Type.Length;
}

/// <summary>
/// A record of the log. <paramref name="Index"/> counts records; <paramref name="Position"/> and <see cref="End"/> are bytes, so that
/// positions have gaps as a node's have. Commit and prepare position are the same, as in every log since version 5.
/// </summary>
internal sealed record Recorded(string Stream, long Revision, int Index, long Position, DateTimeOffset Created, Proposed Event)
{
    private const int Frame = 104; // what a record has besides its names and contents; about a node's

    public long End => Position + Frame + 2 * Stream.Length + Event.Size;
    public Place Place => new(Position, Position);
}

/// <summary>A place in the log: one of a record, behind it, or <see cref="Head"/>, before all.</summary>
internal readonly record struct Place(long Commit, long Prepare) : IComparable<Place>
{
    public static readonly Place Head = new(-1, -1);

    public int CompareTo(Place other) => (Commit, Prepare).CompareTo((other.Commit, other.Prepare));
    public static bool operator <(Place left, Place right) => left.CompareTo(right) < 0;
    public static bool operator >(Place left, Place right) => left.CompareTo(right) > 0;
    public static bool operator <=(Place left, Place right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Place left, Place right) => left.CompareTo(right) >= 0;
}

/// <summary>Revisions with a meaning of their own, as a node counts them.</summary>
internal static class Revision
{
    public const long NoStream = -1;
    public const long Any = -2;
    public const long StreamExists = -4;

    /// <summary>The last revision of a tombstoned stream; as <c>$tb</c>, a deleted one that may come back.</summary>
    public const long Deleted = long.MaxValue;
}

/// <summary>What stands in the way of a write, or nothing.</summary>
internal enum Outcome { Done, WrongRevision, StreamDeleted, TimedOut, NotReady, TooBusy, NotLeader, NoLeader, Lost }

/// <summary>The answer to a write: the stream's last revision after it, or now if it was refused, and its last event's position.</summary>
internal readonly record struct Written(Outcome Outcome, long Revision = -1, long Position = -1);
