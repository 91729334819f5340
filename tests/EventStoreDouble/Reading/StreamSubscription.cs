using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;

namespace Metering.EventStoreDouble.Reading;

/// <summary>
/// A stream from after a revision on, and then live. A reader that is more than a page behind while live is caught up again page by page,
/// and told again that it has caught up.
/// </summary>
internal sealed class StreamSubscription(Log log, Sender sender, string stream, long after) : IReading
{
    /// <summary>Only what comes after the subscription was confirmed.</summary>
    public const long FromEnd = -2;

    private long _seen;

    public async Task Run()
    {
        var last = log.LastRevision(stream);
        if (last == Revision.Deleted) throw RpcErrors.StreamDeleted(stream);
        _seen = after == FromEnd ? last : after;
        await sender.Confirm(log.NewId());
        if (_seen >= last) await Live();
        for (; ; )
        {
            await CatchUp();
            await Live();
        }
    }

    private async Task CatchUp()
    {
        for (var (next, more) = (_seen + 1, true); more;)
        {
            sender.CheckLeader();
            var page = StreamPages.Forwards(log, stream, next, StreamPages.Size);
            if (page.Found == Found.Deleted) throw RpcErrors.StreamDeleted(stream);
            foreach (var record in page.Events) await Send(record);
            (next, more) = (page.Next, !page.IsEnd);
        }
    }

    /// <summary>Returns when it fell behind.</summary>
    private async Task Live()
    {
        await sender.CaughtUp();
        for (; ; )
        {
            var news = log.News;
            var records = log.Range(stream, _seen + 1, long.MaxValue);
            if (records.Count > StreamPages.Size) return;
            foreach (var record in records) await Send(record);
            if (log.Tombstone(stream) is { } tombstone) await End(tombstone);
            await news.WaitAsync(sender.Cancellation);
        }
    }

    private async Task Send(Recorded record)
    {
        await sender.Send(record);
        _seen = record.Revision;
    }

    private async Task End(Recorded tombstone)
    {
        await sender.Send(tombstone);
        throw RpcErrors.StreamDeleted(stream);
    }
}
