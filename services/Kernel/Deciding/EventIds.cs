using System.Buffers;
using System.Security.Cryptography;

namespace Metering.Kernel.Deciding;

/// <summary>
/// Event ids from the event itself: the identical append sent again has identical ids, so the store can answer it as the first; any difference in
/// place, cause or content is another id, so that two instances never take each other's append for their own.
/// </summary>
public static class EventIds
{
    /// <param name="metadata">Without the chain's hash, which the id is a part of.</param>
    public static Guid Of(string stream, long revision, string type, ReadOnlySpan<byte> data, ReadOnlySpan<byte> metadata)
    {
        var size = BytesOf.Size(stream) + BytesOf.Size(type) + 2 + sizeof(long) + data.Length + metadata.Length;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        new BytesOf(rented).Text(stream).Byte(0).Text(type).Byte(0).Number(revision).Bytes(data).Bytes(metadata);
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(rented.AsSpan(0, size), digest);
        ArrayPool<byte>.Shared.Return(rented);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80); // version 8: ours
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}
