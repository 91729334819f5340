using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

// Puts a message into a response body: straight into its buffers when the length is known beforehand and nothing is
// compressed, else over a buffer of its own. Serializers run to their end where they are called: one a thread is enough.
internal sealed class MessageWriter : SerializationContext
{
    private const int HeaderSize = 5;

    // a buffer that one large message has grown is not kept for ever
    private const int MaxSpareBuffer = 256 * 1024;

    private static readonly Status TooLarge =
        new(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size.");

    [ThreadStatic]
    private static MessageWriter? t_spare;

    private ServerCall _call = null!;
    private PipeWriter _output = null!;
    private ICompressionProvider? _compression;
    private ArrayBufferWriter<byte>? _buffer;
    private int? _length;
    private State _state;

    private enum State
    {
        Initialized,
        IncompleteBufferWriter,
        Completed,
    }

    private bool Direct => _length is not null && _compression is null;

    public static void Write<T>(ServerCall call, PipeWriter output, T message, Action<T, SerializationContext> serializer)
    {
        var writer = t_spare ?? new MessageWriter();
        t_spare = null;
        writer.Begin(call, output);
        try
        {
            serializer(message, writer);
        }
        finally
        {
            writer.End();
            t_spare = writer;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        Expect(State.Initialized);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_state == State.IncompleteBufferWriter) return Target();
        Expect(State.Initialized);
        _state = State.IncompleteBufferWriter;
        if (Direct) WriteHeader(_length!.Value, compressed: false);
        return Target();
    }

    public override void Complete()
    {
        Expect(State.IncompleteBufferWriter);
        _state = State.Completed;
        if (!Direct) WriteMessage(_buffer!.WrittenSpan);
    }

    public override void Complete(byte[] payload)
    {
        Expect(State.Initialized);
        _state = State.Completed;
        WriteMessage(payload);
    }

    private void Begin(ServerCall call, PipeWriter output)
    {
        (_call, _output, _length, _state) = (call, output, null, State.Initialized);
        _compression = call.WriteOptions is { } o && (o.Flags & WriteFlags.NoCompress) != 0 ? null : call.Compression;
    }

    private void End()
    {
        (_call, _output, _compression) = (null!, null!, null);
        if (_buffer?.Capacity > MaxSpareBuffer) _buffer = null;
        else _buffer?.ResetWrittenCount();
    }

    private IBufferWriter<byte> Target() => Direct ? _output : _buffer ??= new ArrayBufferWriter<byte>(Math.Max(_length ?? 0, 256));

    private void WriteMessage(ReadOnlySpan<byte> message)
    {
        // of nothing, GZipStream makes nothing, which other languages do not take for gzip
        if (_compression is null || message.IsEmpty)
        {
            WriteHeader(message.Length, compressed: false);
            _output.Write(message);
            return;
        }
        CheckSize(message.Length);
        var compressed = Compress(_compression, message, _call.Settings.ResponseCompressionLevel);
        WriteHeader(compressed.Length, compressed: true);
        _output.Write(compressed);
    }

    private static ReadOnlySpan<byte> Compress(ICompressionProvider provider, ReadOnlySpan<byte> message, CompressionLevel? level)
    {
        var output = new MemoryStream(Math.Max(64, message.Length / 2));
        using (var stream = provider.CreateCompressionStream(output, level)) stream.Write(message);
        return output.TryGetBuffer(out var written) ? written : output.ToArray();
    }

    private void WriteHeader(int length, bool compressed)
    {
        if (!compressed) CheckSize(length);
        var header = _output.GetSpan(HeaderSize);
        header[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)length);
        _output.Advance(HeaderSize);
    }

    private void CheckSize(int length)
    {
        if (length > _call.Settings.MaxSendMessageSize) throw new RpcException(TooLarge);
    }

    private void Expect(State state)
    {
        if (_state != state) throw new InvalidOperationException($"Not valid in the current state: {_state}");
    }
}
