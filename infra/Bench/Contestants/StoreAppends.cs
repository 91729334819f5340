using System.Collections.Concurrent;
using System.Globalization;
using Metering.Bench.Loads;
using Metering.Kernel.Streams;

namespace Metering.Bench.Contestants;

/// <summary>
/// The store alone: an append of one event, then one of two, of the size that ours have, at exact revisions, each caller on a stream of
/// its own. What
/// a ledger on this store can at most come to.
/// </summary>
internal sealed class StoreAppends(IEventStreams streams, string prefix, int eventBytes) : IContestant
{
    private readonly byte[] data = new byte[eventBytes];
    private readonly ConcurrentDictionary<int, long> revisions = new();

    public async Task Cycle(int caller, int user)
    {
        await Append(caller, 1);
        await Append(caller, 2);
    }

    private async Task Append(int caller, int count)
    {
        var events = Enumerable.Range(0, count).Select(_ => new NewEvent(NewId(), "measured", data, default)).ToArray();
        var last = revisions.GetOrAdd(caller, Revisions.None);
        var stream = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{caller}");
        revisions[caller] = (await streams.Append(stream, last, events, CancellationToken.None)).Revision;
    }

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
}
