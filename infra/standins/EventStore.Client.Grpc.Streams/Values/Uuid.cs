using System.Buffers.Binary;
using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>An RFC 4122 identifier, kept as the two big-endian halves that travel on the wire.</summary>
public readonly struct Uuid : IEquatable<Uuid>
{
    public static readonly Uuid Empty;

    private readonly long _most;
    private readonly long _least;

    private Uuid(long most, long least) => (_most, _least) = (most, least);

    public static Uuid NewUuid() => FromGuid(Guid.NewGuid());

    public static Uuid FromGuid(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return new Uuid(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
    }

    public static Uuid FromInt64(long msb, long lsb) => new(msb, lsb);

    public static Uuid Parse(string value) => FromGuid(Guid.Parse(value));

    public Guid ToGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, _most);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], _least);
        return new Guid(bytes, bigEndian: true);
    }

    public bool Equals(Uuid other) => (_most, _least) == (other._most, other._least);
    public override bool Equals(object? obj) => obj is Uuid other && Equals(other);
    public override int GetHashCode() => (_most, _least).GetHashCode();
    public override string ToString() => ToGuid().ToString();
    public static bool operator ==(Uuid left, Uuid right) => left.Equals(right);
    public static bool operator !=(Uuid left, Uuid right) => !left.Equals(right);

    internal UUID ToWire() => new() { Structured = new() { MostSignificantBits = _most, LeastSignificantBits = _least } };

    internal static Uuid FromWire(UUID wire) => wire.ValueCase == UUID.ValueOneofCase.String
        ? Parse(wire.String)
        : new Uuid(wire.Structured.MostSignificantBits, wire.Structured.LeastSignificantBits);
}
