using System.Buffers;
using System.Security.Cryptography;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Deciding;

/// <summary>
/// The hash chain of a stream (rule 22). Each event's metadata ends with <c>,"hash":"…"}</c>: the SHA-256, as 64 lower-case hexadecimal digits, of
/// <code>
/// 32 bytes        the hash of the event before; zeros for the first
/// int32 + bytes   the stream's name in UTF-8
/// int64           the revision
/// 16 bytes        the event's id, as written
/// int32 + bytes   the type's stored name in UTF-8
/// int32 + bytes   the data, as stored
/// int32 + bytes   the metadata, as stored, without the hash: the same JSON object with all between its last member and its end cut out
/// </code>
/// Numbers are big-endian. Each int32 is the number of the bytes after it, so that nothing can move from one field into the next. Whoever can write to
/// the store can also write a new chain: what proves more is the head, published with every closed period.
/// </summary>
public static class Chain
{
    /// <summary>Of a hash, in bytes.</summary>
    public const int HashSize = 32;

    private const int Digits = 2 * HashSize;

    private static ReadOnlySpan<byte> Opening => ",\"hash\":\""u8;
    private static ReadOnlySpan<byte> Closing => "\"}"u8;

    /// <summary>The next event of a stream: its id, and its metadata with the hash. <paramref name="head"/> moves on to it.</summary>
    public static NewEvent Next(Span<byte> head, string stream, long revision, in Fact fact, in Caller caller)
    {
        var plain = EventMetadata.Encode(caller.Actor, fact.Command, caller.Trace);
        var id = EventIds.Of(stream, revision, fact.Type, fact.Data.Span, plain);
        Hash(head, stream, revision, id, fact.Type, fact.Data.Span, plain, head);
        return new NewEvent(id, fact.Type, fact.Data, With(plain, head)) { Value = fact.Value };
    }

    /// <summary>
    /// Moves <paramref name="head"/> on to a stored event. One without a hash is a break, which Verify names; writing goes on after it, from zeros.
    /// </summary>
    internal static void Follow(Span<byte> head, StoredEvent stored)
    {
        if (!IsSealed(stored.Metadata.Span) || Convert.FromHexString(HexOf(stored.Metadata.Span), head, out _, out _) != OperationStatus.Done)
            head.Clear();
    }

    /// <summary>The hash in an event's metadata, as text; none if it has none.</summary>
    public static string? HashOf(ReadOnlySpan<byte> metadata) =>
        IsSealed(metadata) ? System.Text.Encoding.ASCII.GetString(HexOf(metadata)) : null;

    /// <summary>Writes the hash of an event to <paramref name="hash"/>, which may be where <paramref name="previous"/> is.</summary>
    /// <param name="plain">The metadata without the hash.</param>
    internal static void Hash(
        ReadOnlySpan<byte> previous, string stream, long revision, Guid id, string type, ReadOnlySpan<byte> data, ReadOnlySpan<byte> plain,
        Span<byte> hash)
    {
        var (streamSize, typeSize) = (BytesOf.Size(stream), BytesOf.Size(type));
        var size = HashSize + 4 * sizeof(int) + sizeof(long) + 16 + streamSize + typeSize + data.Length + plain.Length;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        new BytesOf(rented).Bytes(previous).Length(streamSize).Text(stream).Number(revision).Id(id).Length(typeSize).Text(type)
            .Length(data.Length).Bytes(data).Length(plain.Length).Bytes(plain);
        SHA256.HashData(rented.AsSpan(0, size), hash);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The metadata without its hash, as it was hashed.</summary>
    internal static byte[] Plain(ReadOnlySpan<byte> metadata) =>
        IsSealed(metadata) ? [.. metadata[..^(Opening.Length + Digits + Closing.Length)], (byte)'}'] : metadata.ToArray();

    /// <summary>True if metadata ends as it should, and with this hash.</summary>
    internal static bool HasHash(ReadOnlySpan<byte> metadata, ReadOnlySpan<byte> hash)
    {
        Span<byte> digits = stackalloc byte[Digits];
        Convert.TryToHexStringLower(hash, digits, out _);
        return IsSealed(metadata) && HexOf(metadata).SequenceEqual(digits);
    }

    internal static bool IsSealed(ReadOnlySpan<byte> metadata)
    {
        var opening = metadata.Length - Closing.Length - Digits - Opening.Length;
        return opening >= 0 && metadata.EndsWith(Closing) && metadata[opening..].StartsWith(Opening);
    }

    private static ReadOnlySpan<byte> HexOf(ReadOnlySpan<byte> metadata) => metadata[^(Digits + Closing.Length)..^Closing.Length];

    private static byte[] With(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> hash)
    {
        var metadata = new byte[plain.Length - 1 + Opening.Length + Digits + Closing.Length];
        plain[..^1].CopyTo(metadata);
        Opening.CopyTo(metadata.AsSpan(plain.Length - 1));
        Convert.TryToHexStringLower(hash, metadata.AsSpan(plain.Length - 1 + Opening.Length), out _);
        Closing.CopyTo(metadata.AsSpan(metadata.Length - Closing.Length));
        return metadata;
    }
}
