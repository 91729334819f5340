using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Ledger.Stored;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>
/// A user's balances, at once and then after each change: at once when it was made here, at the next look when on another instance, and
/// when a window ends.
/// </summary>
internal sealed class UsageFeed(Dispatcher dispatcher, UsageWatch watch, TimeProvider clock)
{
    /// <summary>Waits for news until <paramref name="open"/> ends; what is being said then is still said.</summary>
    public async Task Follow(
        string user, IServerStreamWriter<V1.WatchUsageReply> replies, Caller caller, CancellationToken open, CancellationToken cancellation)
    {
        using var watcher = watch.Watch(LedgerStreams.Of(Fields.User(user)));
        for (V1.Usage? last = null; ; await watcher.Next(UntilNextLook(last), clock, open))
        {
            var usage = await dispatcher.Usage(user, caller, cancellation);
            if (last is null || IsNews(usage, last)) await replies.WriteAsync(new V1.WatchUsageReply { Usage = usage }, cancellation);
            last = usage;
        }
    }

    // the same balances at a later moment are no news
    private static bool IsNews(V1.Usage usage, V1.Usage last)
    {
        var then = last.Clone();
        then.At = usage.At;
        return usage.Revision >= last.Revision && !usage.Equals(then);
    }

    private TimeSpan UntilNextLook(V1.Usage usage)
    {
        var ends = usage.Groups.Select(group => group.WindowEnd?.ToDateTimeOffset() - clock.GetUtcNow())
            .Append(watch.LookEvery).Min()!.Value;
        return ends > TimeSpan.FromSeconds(1) ? ends : TimeSpan.FromSeconds(1);
    }
}
