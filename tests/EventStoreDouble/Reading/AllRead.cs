using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Direction = Metering.EventStoreDouble.Wire.ReadReq.Types.Options.Types.ReadDirection;

namespace Metering.EventStoreDouble.Reading;

/// <summary>Some events of all streams, page by page.</summary>
internal sealed class AllRead(Log log, Sender sender, Direction direction, Place from, long count, Filter filter, int window) : IReading
{
    public async Task Run()
    {
        var left = count;
        for (AllPage? page = null; page is not { IsEnd: true } && left > 0;)
        {
            page = Page(page?.Next ?? from, (int)Math.Min(StreamPages.Size, left));
            foreach (var record in page.Events) await sender.Send(record);
            left -= page.Events.Count;
        }
    }

    private AllPage Page(Place next, int size)
    {
        sender.CheckLeader();
        if (direction == Direction.Forwards && next == Place.Head) next = new(log.Last.End, 0);
        var page = direction == Direction.Forwards
            ? AllPages.Forwards(log, next, size, window, filter)
            : AllPages.Backwards(log, next, size, window, filter);
        return page ?? throw RpcErrors.InvalidPosition();
    }
}
