using System.Buffers;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Shows a received message to its deserializer, without a copy.</summary>
internal sealed class Payload : DeserializationContext
{
    [ThreadStatic] private static Payload? _spare;
    private ReadOnlyMemory<byte> _bytes;

    public override int PayloadLength => _bytes.Length;

    public static T Deserialize<T>(ReadOnlyMemory<byte> bytes, Func<DeserializationContext, T> deserialize)
    {
        var payload = _spare ?? new Payload();
        _spare = null;
        payload._bytes = bytes;
        var message = deserialize(payload);
        payload._bytes = default;
        _spare = payload;
        return message;
    }

    public override byte[] PayloadAsNewBuffer() => _bytes.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(_bytes);
}
