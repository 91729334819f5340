using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using Direction = Metering.EventStoreDouble.Wire.ReadReq.Types.Options.Types.ReadDirection;

namespace Metering.EventStoreDouble.Reading;

/// <summary>
/// Some events of a stream, page by page. Clients that say so (<paramref name="tellEnds"/>) also learn where the stream begins, if a
/// forward read began elsewhere and found nothing, and its last revision.
/// </summary>
internal sealed class StreamRead(
    Log log, Sender sender, string stream, Direction direction, long from, long count, bool tellEnds) : IReading
{
    public async Task Run()
    {
        if (direction == Direction.Forwards && from < 0) throw RpcErrors.BadRead();
        var (next, left, first) = (from, count, true);
        for (var more = true; more; first = false)
        {
            var page = Page(next, (int)Math.Min(StreamPages.Size, left));
            if (page.Found == Found.Deleted) throw RpcErrors.StreamDeleted(stream);
            if (page.Found == Found.NoStream) { await NotFound(); return; }
            if (first && direction == Direction.Forwards) await TellFirst(page);
            foreach (var record in page.Events) await sender.Send(record);
            (next, left) = (page.Next, left - page.Events.Count);
            more = !page.IsEnd && left > 0;
            if (!more && tellEnds) await sender.Send(new ReadResp { LastStreamPosition = (ulong)page.Last });
        }
    }

    private StreamPage Page(long next, int size)
    {
        sender.CheckLeader();
        return direction == Direction.Forwards
            ? StreamPages.Forwards(log, stream, next, size)
            : StreamPages.Backwards(log, stream, next, size);
    }

    private Task TellFirst(StreamPage page) =>
        tellEnds && page.Events.Count == 0 && page.Next != from
            ? sender.Send(new ReadResp { FirstStreamPosition = (ulong)page.Next })
            : Task.CompletedTask;

    private Task NotFound() => sender.Send(new ReadResp { StreamNotFound = new() { StreamIdentifier = stream.ToIdentifier() } });
}
