using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Metering.BillingSync.Webhooks;

/// <summary>Ids of commands: UUIDv7 of a given time, the same whenever they are made anew for the same reason.</summary>
internal static class CommandIds
{
    /// <summary>From a time, which the ledger forgets ids by, and what the command follows from.</summary>
    public static Guid Of(DateTimeOffset at, string reason)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(reason), hash);
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, at.ToUnixTimeMilliseconds() << 16);
        hash[..10].CopyTo(id[6..]);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true);
    }
}
