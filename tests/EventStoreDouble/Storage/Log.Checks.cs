namespace Metering.EventStoreDouble.Storage;

internal enum Verdict { New, Repeated, Wrong, Deleted }

/// <summary>What a write meets: the stream's last revision and, if it was made before, the revision of its last event then.</summary>
internal readonly record struct Check(Verdict Verdict, long Current, long Repeated = -1);

/// <summary>
/// The rules of a node (its index writer's check before a commit). At an exact revision that has passed, the same ids at the same
/// revisions are a repeat, whatever came later and however long ago. At Any or StreamExists, ids that the node remembers for this stream
/// are one, at whatever revisions. Anything that repeats only in part is refused. Contents are not compared.
/// </summary>
internal sealed partial class Log
{
    private Check Check(string stream, long expected, IReadOnlyList<Proposed> events)
    {
        var current = LastOf(stream);
        if (current == Revision.Deleted) return new(Verdict.Deleted, current);
        if (expected == Revision.StreamExists && IsSoftDeleted(stream)) return new(Verdict.Deleted, current);
        var never = current < 0 && LastOf(StreamMetadata.StreamOf(stream)) < 0;
        if (expected == Revision.StreamExists && never) return new(Verdict.Wrong, current);
        if (expected is Revision.Any or Revision.StreamExists) return CheckRemembered(stream, current, events);
        if (expected < current) return CheckPassed(stream, expected, current, events);
        return new(expected > current ? Verdict.Wrong : Verdict.New, current);
    }

    private Check CheckRemembered(string stream, long current, IReadOnlyList<Proposed> events)
    {
        Recorded? last = null;
        for (var i = 0; i < events.Count; i++)
        {
            if (!_committed.TryGetValue(events[i].Id, out var record) || record.Stream != stream)
                return new(i == 0 ? Verdict.New : Verdict.Wrong, current);
            last = record;
        }
        return last is null ? new(Verdict.New, current) : new(Verdict.Repeated, current, last.Revision);
    }

    private Check CheckPassed(string stream, long expected, long current, IReadOnlyList<Proposed> events)
    {
        var stored = Range(stream, expected + 1, expected + events.Count);
        var same = stored.Zip(events).TakeWhile(pair => pair.First.Event.Id == pair.Second.Id).Count();
        if (events.Count > 0 && same == events.Count) return new(Verdict.Repeated, current, expected + same);
        var comesBack = same == 0 && events.Count > 0 && expected == Revision.NoStream && IsSoftDeleted(stream);
        return new(comesBack ? Verdict.New : Verdict.Wrong, current);
    }
}
