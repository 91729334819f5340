using Metering.EventStoreDouble.Storage;

namespace Metering.EventStoreDouble.Reading;

internal enum Found { Events, NoStream, Deleted }

/// <summary>A page of a stream: its events, the revision to go on from, the stream's last, and whether there is more that way.</summary>
internal sealed record StreamPage(Found Found, IReadOnlyList<Recorded> Events, long Next, long Last, bool IsEnd);

/// <summary>Pages of a stream, by a node's rules for what <c>$maxCount</c> and <c>$tb</c> hide.</summary>
internal static class StreamPages
{
    /// <summary>How many events a node reads at once.</summary>
    public const int Size = 32;

    public static StreamPage Forwards(Log log, string stream, long from, int size)
    {
        if (Absent(log, stream) is { } absent) return absent;
        var last = log.LastRevision(stream);
        var first = log.MetadataOf(stream).First(last);
        var end = from < long.MaxValue - size + 1 ? from + size - 1 : long.MaxValue;
        if (end < first) return new(Found.Events, [], first, last, IsEnd: false);
        var start = Math.Max(from, first);
        return start > last
            ? new(Found.Events, [], last + 1, last, IsEnd: true)
            : new(Found.Events, log.Range(stream, start, Math.Min(end, last)), Math.Min(end, last) + 1, last, end >= last);
    }

    /// <summary>From the end if <paramref name="from"/> is negative.</summary>
    public static StreamPage Backwards(Log log, string stream, long from, int size)
    {
        if (Absent(log, stream) is { } absent) return absent;
        var last = log.LastRevision(stream);
        var first = log.MetadataOf(stream).First(last);
        var end = from < 0 ? last : from;
        if (end < first) return new(Found.Events, [], -1, last, IsEnd: true);
        var start = Math.Max(end - size + 1, first);
        var events = log.Range(stream, start, end);
        events.Reverse();
        return start <= first
            ? new(Found.Events, events, -1, last, IsEnd: true)
            : new(Found.Events, events, Math.Min(start - 1, last), last, IsEnd: false);
    }

    private static StreamPage? Absent(Log log, string stream)
    {
        var last = log.LastRevision(stream);
        if (last == Revision.Deleted) return new(Found.Deleted, [], -1, last, IsEnd: true);
        var hidden = last < 0 || log.MetadataOf(stream).TruncateBefore == Revision.Deleted;
        return hidden ? new(Found.NoStream, [], -1, last, IsEnd: true) : null;
    }
}
