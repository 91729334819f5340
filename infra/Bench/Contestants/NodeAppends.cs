using System.Collections.Concurrent;
using System.Globalization;
using EventStore.Client;
using Metering.Bench.Loads;

namespace Metering.Bench.Contestants;

/// <summary>An EventStoreDB node through its own client: the appends of a cycle, each caller on a stream of its own.</summary>
internal sealed class NodeAppends(EventStoreClient client, string prefix, int eventBytes) : IContestant
{
    private readonly byte[] data = new byte[eventBytes];
    private readonly ConcurrentDictionary<int, StreamRevision> revisions = new();

    public async Task Cycle(int caller, int user)
    {
        await Append(caller, 1);
        await Append(caller, 2);
    }

    private async Task Append(int caller, int count)
    {
        var events = Enumerable.Range(0, count).Select(_ => new EventData(NewId(), "measured", data)).ToArray();
        var stream = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{caller}");
        var written = revisions.TryGetValue(caller, out var last)
            ? await client.AppendToStreamAsync(stream, last, events)
            : await client.AppendToStreamAsync(stream, StreamState.NoStream, events);
        revisions[caller] = written.NextExpectedStreamRevision;
    }

    private static Uuid NewId() => Uuid.FromGuid(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()));
}
