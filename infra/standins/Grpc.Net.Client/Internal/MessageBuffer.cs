using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

/// <summary>Serializes one message into a pooled array, behind room for the prefix, so that both go out in one write.</summary>
internal sealed class MessageBuffer : SerializationContext, IBufferWriter<byte>
{
    public const int PrefixLength = 5;
    private const int SmallestArray = 256;
    [ThreadStatic] private static MessageBuffer? _spare;
    private byte[] _array = [];
    private int _length;
    private int _limit;

    public static MessageBuffer Rent(int limit)
    {
        var buffer = _spare ?? new MessageBuffer();
        _spare = null;
        buffer._length = PrefixLength;
        buffer._limit = limit;
        return buffer;
    }

    public void Return()
    {
        if (_array.Length > 0) ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        _spare = this;
    }

    /// <summary>The message with its prefix; compressed if there is a provider.</summary>
    public ReadOnlyMemory<byte> Fill<T>(T message, Action<T, SerializationContext> serialize, ICompressionProvider? compression)
    {
        serialize(message, this);
        CheckLimit(_length - PrefixLength);
        EnsureRoom(0);
        // of nothing, GZipStream makes nothing, which other languages do not take for gzip
        var compressed = compression is not null && _length > PrefixLength;
        if (compressed) Compress(compression!);
        _array[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(_array.AsSpan(1), _length - PrefixLength);
        return _array.AsMemory(0, _length);
    }

    public override void SetPayloadLength(int payloadLength)
    {
        CheckLimit(payloadLength);
        EnsureRoom(payloadLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete() { }

    public override void Complete(byte[] payload)
    {
        SetPayloadLength(payload.Length);
        payload.CopyTo(_array.AsSpan(_length));
        _length += payload.Length;
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return _array.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void Compress(ICompressionProvider provider)
    {
        using var target = new MemoryStream();
        using (var stream = provider.CreateCompressionStream(target, CompressionLevel.Fastest))
            stream.Write(_array, PrefixLength, _length - PrefixLength);
        _length = PrefixLength;
        EnsureRoom((int)target.Length);
        target.GetBuffer().AsSpan(0, (int)target.Length).CopyTo(_array.AsSpan(PrefixLength));
        _length += (int)target.Length;
    }

    private void EnsureRoom(int count)
    {
        if (_array.Length - _length >= count && _array.Length > 0) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, Math.Max(SmallestArray, _array.Length * 2)));
        if (_array.Length > 0)
        {
            _array.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
        }
        _array = larger;
    }

    private void CheckLimit(int length)
    {
        if (length > _limit) throw new RpcException(Outcomes.TooLargeToSend);
    }
}
