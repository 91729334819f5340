using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Metering.Kernel.Deciding;

/// <summary>
/// Event ids from the event itself: the identical append sent again has identical ids, so the store can answer it as the first; any difference in
/// place, cause or content is another id, so that two instances never take each other's append for their own.
/// </summary>
public static class EventIds
{
    public static Guid Of(string stream, long revision, string type, ReadOnlySpan<byte> data, ReadOnlySpan<byte> metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, revision);
        hash.AppendData(Encoding.UTF8.GetBytes(stream + "\0" + type + "\0"));
        hash.AppendData(number);
        hash.AppendData(data);
        hash.AppendData(metadata);
        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80); // version 8: ours
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}
