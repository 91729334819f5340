using System.Buffers.Binary;
using System.Text;

namespace Metering.Kernel.Deciding;

/// <summary>Lays fields out one after another in a buffer that is large enough. Numbers are big-endian, text is UTF-8.</summary>
internal readonly ref struct BytesOf(Span<byte> rest)
{
    private readonly Span<byte> rest = rest;

    public static int Size(string text) => Encoding.UTF8.GetByteCount(text);

    public BytesOf Byte(byte value)
    {
        rest[0] = value;
        return new(rest[1..]);
    }

    public BytesOf Length(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, value);
        return new(rest[sizeof(int)..]);
    }

    public BytesOf Number(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(rest, value);
        return new(rest[sizeof(long)..]);
    }

    public BytesOf Id(Guid value)
    {
        value.TryWriteBytes(rest, bigEndian: true, out var written);
        return new(rest[written..]);
    }

    public BytesOf Text(string value) => new(rest[Encoding.UTF8.GetBytes(value, rest)..]);

    public BytesOf Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(rest);
        return new(rest[value.Length..]);
    }
}
