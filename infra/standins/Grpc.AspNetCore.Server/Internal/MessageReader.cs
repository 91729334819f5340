using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

// Takes messages off a request body: a flag, a length of four bytes, the message.
internal static class MessageReader
{
    private const int HeaderSize = 5;

    private static readonly Status Incomplete = new(StatusCode.Internal, "Incomplete message.");
    private static readonly Status MoreThanOne = new(StatusCode.Internal, "Additional data after the message received.");
    private static readonly Status Interrupted = new(StatusCode.Internal, "Incoming message cancelled.");
    private static readonly Status TooLarge =
        new(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.");

    // The only message of a request, whose body must end with it.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<T> ReadSingleAsync<T>(ServerCall call, Func<DeserializationContext, T> deserializer) where T : class
    {
        var input = call.Http.Request.BodyReader;
        T? message = null;
        while (true)
        {
            var result = await input.ReadAsync();
            if (TakeSingle(input, result, call, deserializer, ref message)) return message!;
        }
    }

    // Null: the stream has ended.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<T?> ReadNextAsync<T>(
        PipeReader input, ServerCall call, Func<DeserializationContext, T> deserializer, CancellationToken cancellation) where T : class
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellation);
            if (TakeNext(input, result, call, deserializer, out var message)) return message;
        }
    }

    private static bool TakeSingle<T>(
        PipeReader input, ReadResult result, ServerCall call, Func<DeserializationContext, T> deserializer, ref T? message) where T : class
    {
        var buffer = result.Buffer;
        try
        {
            if (result.IsCanceled) throw new RpcException(Interrupted);
            if (message is null && TryTake(ref buffer, call, out var payload)) message = MessagePayload.Deserialize(payload, deserializer);
            if (message is not null && !buffer.IsEmpty) throw new RpcException(MoreThanOne);
            if (result.IsCompleted && message is null) throw new RpcException(Incomplete);
            return result.IsCompleted;
        }
        finally
        {
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool TakeNext<T>(
        PipeReader input, ReadResult result, ServerCall call, Func<DeserializationContext, T> deserializer, out T? message) where T : class
    {
        var buffer = result.Buffer;
        message = null;
        try
        {
            if (result.IsCanceled) throw new RpcException(Interrupted);
            if (TryTake(ref buffer, call, out var payload)) message = MessagePayload.Deserialize(payload, deserializer);
            else if (result.IsCompleted && !buffer.IsEmpty) throw new RpcException(Incomplete);
            return message is not null || result.IsCompleted;
        }
        finally
        {
            // what follows a message may be the next one, and has not been looked at
            input.AdvanceTo(buffer.Start, message is null ? buffer.End : buffer.Start);
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, ServerCall call, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < HeaderSize) return false;
        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, HeaderSize).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)(call.Settings.MaxReceiveMessageSize ?? int.MaxValue)) throw new RpcException(TooLarge);
        if (buffer.Length < HeaderSize + length) return false;
        payload = buffer.Slice(HeaderSize, length);
        if (IsCompressed(header[0])) payload = Decompress(call, payload);
        buffer = buffer.Slice(HeaderSize + length);
        return true;
    }

    private static bool IsCompressed(byte flag) =>
        flag <= 1 ? flag == 1 : throw new InvalidDataException("Unexpected compressed flag value in message header.");

    private static ReadOnlySequence<byte> Decompress(ServerCall call, ReadOnlySequence<byte> payload)
    {
        using var compressed = new MemoryStream(payload.ToArray(), writable: false);
        using var stream = Provider(call).CreateDecompressionStream(compressed);
        var limit = call.Settings.MaxReceiveMessageSize ?? int.MaxValue;
        var output = new ArrayBufferWriter<byte>(Math.Max(256, (int)compressed.Length * 2));
        for (int read; (read = stream.Read(output.GetSpan())) > 0;)
        {
            output.Advance(read);
            // a small message may hold a large one
            if (output.WrittenCount > limit) throw new RpcException(TooLarge);
        }
        return new ReadOnlySequence<byte>(output.WrittenMemory);
    }

    private static ICompressionProvider Provider(ServerCall call)
    {
        var encoding = call.Http.Request.Headers.GrpcEncoding.ToString();
        if (encoding.Length == 0)
            throw new RpcException(new Status(StatusCode.Internal, "Request did not include grpc-encoding value with compressed message."));
        if (encoding == Protocol.Identity)
            throw new RpcException(new Status(StatusCode.Internal, "Request sent 'identity' grpc-encoding value with compressed message."));
        return call.Settings.CompressionProviders.TryGetValue(encoding, out var provider) ? provider : throw Unsupported(call, encoding);
    }

    private static RpcException Unsupported(ServerCall call, string encoding)
    {
        string[] supported = [Protocol.Identity, .. call.Settings.CompressionProviders.Keys];
        call.TellEncodings(string.Join(",", supported));
        return new RpcException(new Status(StatusCode.Unimplemented,
            $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {string.Join(", ", supported)}"));
    }
}

// Deserializers run to their end where they are called, so one of these a thread is enough.
internal sealed class MessagePayload : DeserializationContext
{
    [ThreadStatic]
    private static MessagePayload? t_spare;

    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => (int)_payload.Length;

    public static T Deserialize<T>(ReadOnlySequence<byte> payload, Func<DeserializationContext, T> deserializer)
    {
        var context = t_spare ?? new MessagePayload();
        t_spare = null;
        context._payload = payload;
        try
        {
            return deserializer(context);
        }
        finally
        {
            context._payload = default;
            t_spare = context;
        }
    }

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;
}
