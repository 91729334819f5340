using System.Buffers.Binary;
using Google.Protobuf;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Calls;

/// <summary>Ids and names on the wire: an id is its text, or its bytes as two signed numbers, the first eight bytes first.</summary>
internal static class Uuids
{
    public static Guid ToGuid(this UUID? id) => id?.ValueCase switch
    {
        UUID.ValueOneofCase.String => Guid.Parse(id.String),
        UUID.ValueOneofCase.Structured => ToGuid(id.Structured),
        _ => throw RpcErrors.Required("id"),
    };

    public static UUID ToText(this Guid id) => new() { String = id.ToString() };

    public static UUID ToNumbers(this Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var (most, least) = (BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
        return new() { Structured = new() { MostSignificantBits = most, LeastSignificantBits = least } };
    }

    /// <summary>The name of a stream, or null if none was sent.</summary>
    public static string? Name(this StreamIdentifier? stream) =>
        stream is null || stream.StreamName.IsEmpty ? null : stream.StreamName.ToStringUtf8();

    public static StreamIdentifier ToIdentifier(this string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    private static Guid ToGuid(UUID.Types.Structured numbers)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, numbers.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], numbers.LeastSignificantBits);
        return new(bytes, bigEndian: true);
    }
}
