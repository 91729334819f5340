using Google.Protobuf;

namespace Metering.EventStoreDouble.Storage;

internal sealed partial class Log
{
    /// <summary>Appends all events or none. What was appended before is answered as it was then; see <see cref="Check"/>.</summary>
    public Written Append(string stream, long expected, IReadOnlyList<Proposed> events)
    {
        lock (_gate)
        {
            var check = Check(stream, expected, events);
            return check.Verdict switch
            {
                Verdict.New => AppendNew(stream, check.Current, events),
                Verdict.Repeated => new(Outcome.Done, check.Repeated, Range(stream, check.Repeated, check.Repeated)[0].Position),
                Verdict.Deleted => new(Outcome.StreamDeleted, check.Current),
                _ => new(Outcome.WrongRevision, check.Current),
            };
        }
    }

    /// <summary>Deletes a stream: for good (<paramref name="hard"/>), or until its next append, at later revisions.</summary>
    public Written Delete(string stream, long expected, bool hard)
    {
        lock (_gate)
        {
            var marker = new Proposed(NewId(), "$streamDeleted", false, ByteString.Empty, ByteString.Empty);
            var check = Check(stream, expected, [marker]);
            if (check.Verdict == Verdict.Deleted) return new(Outcome.StreamDeleted, check.Current);
            var never = LastOf(stream) < 0 && LastOf(StreamMetadata.StreamOf(stream)) < 0;
            if (check.Verdict != Verdict.New || (never && !hard)) return new(Outcome.WrongRevision, check.Current);
            var record = hard
                ? Store(stream, Revision.Deleted, marker)
                : StoreMetadata(stream, StreamMetadata.Truncated(null, Revision.Deleted));
            Tell();
            return new(Outcome.Done, record.Revision, record.Position);
        }
    }

    private Written AppendNew(string stream, long current, IReadOnlyList<Proposed> events)
    {
        if (events.Count == 0) return new(Outcome.Done, current, _records[^1].Position);
        var deleted = IsSoftDeleted(stream);
        var original = StreamMetadata.IsMetadata(stream) && IsSoftDeleted(stream[2..]) ? stream[2..] : null;
        var last = events.Select((item, i) => Store(stream, current + 1 + i, item)).Last();
        if (deleted) Undelete(stream, current + 1);
        if (original is not null) Undelete(original, LastOf(original) + 1);
        Tell();
        return new(Outcome.Done, last.Revision, last.Position);
    }

    private void Undelete(string stream, long from) =>
        StoreMetadata(stream, StreamMetadata.Truncated(LastRecord(StreamMetadata.StreamOf(stream))?.Event.Data, from));

    private Recorded StoreMetadata(string stream, ByteString json)
    {
        var metadata = StreamMetadata.StreamOf(stream);
        var proposed = new Proposed(NewId(), StreamMetadata.EventType, true, json, ByteString.Empty);
        return Store(metadata, LastOf(metadata) + 1, proposed);
    }
}
