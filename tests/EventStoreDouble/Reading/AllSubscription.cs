using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Reading;

/// <summary>
/// All streams from after a place on (null: from now), and then live. A filtered one sends checkpoints: while catching up after each
/// <paramref name="interval"/> of records that it looked at and at the end of it, where the last page began or the last event was,
/// whichever is later; live, at every interval-th record since it was confirmed. A reader more than a page behind is caught up again.
/// </summary>
internal sealed class AllSubscription(Log log, Sender sender, Place? start, Filter filter, int window, long? interval, int? liveBuffer) : IReading
{
    private Place _seen, _checkpoint = Place.Head;
    private int _confirmed, _next;

    public async Task Run()
    {
        var last = log.Last;
        (_seen, _confirmed) = (start ?? last.Place, last.Index);
        await sender.Confirm(log.NewId());
        if (_seen >= last.Place) await Live();
        for (; ; )
        {
            await CatchUp();
            await Live();
        }
    }

    private async Task CatchUp()
    {
        var considered = 0L;
        for (AllPage? page = null; page is not { IsEnd: true };)
        {
            page = Page(page?.Next ?? (_seen == Place.Head ? default : _seen));
            foreach (var record in page.Events) await Send(record);
            considered += page.Considered;
            if (!page.IsEnd && considered < interval) continue;
            if (_seen < page.Current) _seen = page.Current;
            await Checkpoint(_seen);
            considered %= interval ?? long.MaxValue;
        }
    }

    private AllPage Page(Place from)
    {
        sender.CheckLeader();
        return AllPages.Forwards(log, from, StreamPages.Size, window, filter) ?? throw RpcErrors.InvalidPosition();
    }

    /// <summary>Returns when it fell behind.</summary>
    private async Task Live()
    {
        await sender.CaughtUp();
        _next = Math.Max(_confirmed + 1, log.IndexOf(_seen.Commit));
        for (; ; )
        {
            var news = log.News;
            if (log.Last.Index - _next >= liveBuffer) throw RpcErrors.TooSlow();
            if (log.Last.Index - _next >= StreamPages.Size) break;
            for (; log.At(_next) is { } record; _next++) await Pass(record);
            await news.WaitAsync(sender.Cancellation);
        }
        await Checkpoint(_seen);
    }

    private async Task Pass(Recorded record)
    {
        await Send(record);
        if (interval is not { } every || (record.Index - _confirmed) % every != 0 || record.Place < _seen) return;
        await Checkpoint(record.Place);
        _seen = record.Place;
    }

    private async Task Send(Recorded record)
    {
        if (record.Place <= _seen || !filter.Takes(record)) return;
        await sender.Send(record);
        _seen = record.Place;
    }

    private async Task Checkpoint(Place place)
    {
        if (interval is null || place <= _checkpoint) return;
        _checkpoint = place;
        var (commit, prepare) = ((ulong)place.Commit, (ulong)place.Prepare);
        await sender.Send(new ReadResp { Checkpoint = new() { CommitPosition = commit, PreparePosition = prepare } });
    }
}
