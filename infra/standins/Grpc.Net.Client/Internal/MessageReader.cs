using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Reads messages from a response's body through one pooled array, which it does not hold while a stream idles.</summary>
internal sealed class MessageReader<T>(
    Stream body, Func<DeserializationContext, T> deserialize, ChannelSettings settings, string? encoding, bool single)
    where T : class
{
    private const int Chunk = 4096;
    private readonly int _smallestArray = single ? 1024 : Chunk;
    private byte[] _array = [];
    private int _start;
    private int _end;

    public T? Current { get; private set; }

    private int Buffered => _end - _start;

    /// <summary>Reads the next message; false at the end of the body.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var missing = Missing();
            if (missing == 0) break;
            if (await FillAsync(missing, cancellationToken).ConfigureAwait(false)) continue;
            return Buffered == 0 ? ReachEnd() : throw new InvalidDataException("Unexpected end of content while reading the message.");
        }
        Take();
        return true;
    }

    /// <summary>How many bytes of the next message have not arrived, as far as is known.</summary>
    private int Missing()
    {
        if (Buffered < MessageBuffer.PrefixLength) return MessageBuffer.PrefixLength - Buffered;
        var length = BinaryPrimitives.ReadUInt32BigEndian(_array.AsSpan(_start + 1));
        if (length > settings.MaxReceive) throw new RpcException(Outcomes.TooLargeToReceive);
        return Math.Max(0, MessageBuffer.PrefixLength + (int)length - Buffered);
    }

    private async ValueTask<bool> FillAsync(int missing, CancellationToken cancellationToken)
    {
        if (Buffered == 0 && !single)
        {
            Release();
            // waits until there is something, without an array
            await body.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }
        EnsureRoom(missing);
        var count = await body.ReadAsync(_array.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += count;
        return count > 0;
    }

    private void Take()
    {
        var compressed = _array[_start] == 1;
        var length = BinaryPrimitives.ReadInt32BigEndian(_array.AsSpan(_start + 1));
        var message = _array.AsMemory(_start + MessageBuffer.PrefixLength, length);
        _start += MessageBuffer.PrefixLength + length;
        Current = Payload.Deserialize(compressed ? Decompress(message) : message, deserialize);
    }

    private ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> message)
    {
        if (encoding is null || !settings.Compression.TryGetValue(encoding, out var provider))
            throw new RpcException(new Status(StatusCode.Internal, $"Unsupported grpc-encoding value '{encoding}' of a compressed message."));
        using var source = new MemoryStream(message.ToArray());
        using var stream = provider.CreateDecompressionStream(source);
        var target = new MemoryStream();
        var chunk = new byte[Chunk];
        // a few bytes can unfold to gigabytes
        for (int count; (count = stream.Read(chunk)) > 0; target.Write(chunk, 0, count))
            if (target.Length + count > settings.MaxReceive) throw new RpcException(Outcomes.TooLargeToReceive);
        return target.GetBuffer().AsMemory(0, (int)target.Length);
    }

    private void EnsureRoom(int missing)
    {
        if (Buffered == 0) _start = _end = 0;
        if (_array.Length - _end >= missing && _array.Length > 0) return;
        var enough = _array.Length >= Buffered + missing && _array.Length > 0;
        var target = enough ? _array : ArrayPool<byte>.Shared.Rent(Math.Max(Buffered + missing, _smallestArray));
        _array.AsSpan(_start, Buffered).CopyTo(target);
        if (!enough && _array.Length > 0) ArrayPool<byte>.Shared.Return(_array);
        (_array, _start, _end) = (target, 0, Buffered);
    }

    private bool ReachEnd()
    {
        Release();
        Current = null;
        return false;
    }

    private void Release()
    {
        if (_array.Length > 0) ArrayPool<byte>.Shared.Return(_array);
        (_array, _start, _end) = ([], 0, 0);
    }
}
