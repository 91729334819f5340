using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Metering.Bench.Overload;

/// <summary>As much of HTTP/2 (RFC 9113) as a gRPC call over and over needs, without compressed headers (RFC 7541) either way.</summary>
internal static class Frames
{
    internal const int HeaderSize = 9;
    internal const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, GoAway = 7, WindowUpdate = 8;
    internal const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    /// <summary>What a client says first: no table of headers, no pushes, and a window that no run fills.</summary>
    internal static byte[] Opening() =>
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
        .. Frame(Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]),
        .. Frame(WindowUpdate, 0, 0, [0x7F, 0, 0, 0]),
    ];

    /// <summary>The headers of a call of a method, <c>/package.Service/Method</c>.</summary>
    internal static byte[] CallOf(string method, string authority) =>
    [
        0x83, 0x86, // POST, http
        0x04, .. Text(method), 0x01, .. Text(authority), 0x0F, 0x10, .. Text("application/grpc"), 0x00, .. Text("te"), .. Text("trailers"),
    ];

    internal static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderSize + payload.Length];
        Head(frame, payload.Length, type, flags, stream);
        payload.CopyTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    internal static void Head(Span<byte> to, int length, byte type, byte flags, int stream)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, length << 8 | type);
        to[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(to[5..], stream);
    }

    /// <summary>The status in a call's last headers.</summary>
    internal static int StatusIn(ReadOnlySpan<byte> headers)
    {
        var name = headers.IndexOf("grpc-status"u8);
        if (name < 0) throw new InvalidDataException("an answer ended without grpc-status");
        var value = headers[(name + "grpc-status".Length)..];
        return int.Parse(value.Slice(1, value[0]), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    // shorter than 127 bytes, so that its length is one
    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
