using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventStore.Client;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// The snapshot of a stream is the last event of a stream of its own, of which the store keeps no other. One that is too large for one
/// append is several events; if the last ones do not belong together (two instances saved at once), there is none.
/// </summary>
internal sealed class SnapshotStreams(StoreNode node, TimeProvider clock)
{
    private const int PartBytes = 512 * 1024;
    private const int PartsMost = 256;
    private const string PartType = "snapshot.v1";
    private const string DeletedType = "snapshot_deleted.v1";

    public async Task Save(string stream, Snapshot? snapshot, CancellationToken cancellation)
    {
        if (snapshot is not null)
            await SaveParts(OwnStreams.SnapshotOf(stream), snapshot, cancellation);
        else if (await Load(stream, cancellation) is not null)
            await node.AppendAnywhere(OwnStreams.SnapshotOf(stream), Event(DeletedType, default, default), cancellation);
    }

    public async Task<Snapshot?> Load(string stream, CancellationToken cancellation)
    {
        var (parts, last) = (new Stack<ReadOnlyMemory<byte>>(), default(Part));
        await foreach (var found in node.Read(OwnStreams.SnapshotOf(stream), Direction.Backwards, Revisions.End, PartsMost, cancellation))
        {
            if (found.EventType != PartType
                || JsonSerializer.Deserialize(found.Metadata.Span, PartJson.Default.Part) is not { } part) return null;
            if (part != (last ?? part with { Number = part.Of }) with { Number = (last?.Number ?? part.Of) - 1 }) return null;
            parts.Push(found.Data);
            if (part.Number == 0) return new Snapshot(part.Revision, part.Version, Joined(parts));
            last = part;
        }
        return null;
    }

    private async Task SaveParts(string stream, Snapshot snapshot, CancellationToken cancellation)
    {
        var count = Math.Max(1, (snapshot.Data.Length + PartBytes - 1) / PartBytes);
        // a cache: what is too large to be kept is folded again
        if (count > PartsMost) return;
        var part = new Part(Guid.CreateVersion7(clock.GetUtcNow()), snapshot.Revision, snapshot.Version, 0, count);
        if (count > 1) await node.KeepLast(stream, 2 * count, cancellation);
        for (; part.Number < count; part = part with { Number = part.Number + 1 })
        {
            var from = part.Number * PartBytes;
            var data = snapshot.Data.Slice(from, Math.Min(PartBytes, snapshot.Data.Length - from));
            var saved = await node.AppendAnywhere(
                stream, Event(PartType, data, JsonSerializer.SerializeToUtf8Bytes(part, PartJson.Default.Part)), cancellation);
            if (count == 1 && saved.NextExpectedStreamRevision.ToInt64() == 0) await node.KeepLast(stream, 1, cancellation);
        }
    }

    private EventData Event(string type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> metadata) =>
        new(Uuid.FromGuid(Guid.CreateVersion7(clock.GetUtcNow())), type, data, metadata, "application/octet-stream");

    private static ReadOnlyMemory<byte> Joined(Stack<ReadOnlyMemory<byte>> parts)
    {
        if (parts.Count == 1) return parts.Pop();
        var bytes = new ArrayBufferWriter<byte>(parts.Sum(part => part.Length));
        foreach (var part in parts) bytes.Write(part.Span);
        return bytes.WrittenMemory;
    }
}

/// <summary>Which part of which saving this is.</summary>
internal sealed record Part(Guid Saving, long Revision, string Version, int Number, int Of);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Part))]
internal sealed partial class PartJson : JsonSerializerContext;
