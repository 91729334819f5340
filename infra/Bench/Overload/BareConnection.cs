using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Google.Protobuf;
using Metering.Bench.Contestants;
using Metering.Bench.Loads;
using Metering.V1;

namespace Metering.Bench.Overload;

/// <summary>
/// One HTTP/2 connection that tracks usage, a call after the other, and looks at no more of an answer than what became of it. A client such
/// as applications use takes as much of the processor for a call as the server does; it could never send four times what that answers.
/// </summary>
internal sealed class BareConnection : IDisposable
{
    /// <summary>
    /// On four connections half as many again as the host takes by default. A further call would wait in the client, so it is not sent.
    /// </summary>
    internal const int UnderWayMost = 192;

    /// <summary>What became of a call, beside the statuses of gRPC.</summary>
    internal const int Denied = -1, Broken = -2;

    private readonly record struct Sent(int User, long At);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Lock gate = new();
    private readonly Dictionary<int, Sent> underWay = [];
    private readonly ArrayBufferWriter<byte> outgoing = new();
    private readonly Action<BareConnection, int, long, int> answered;
    private readonly byte[] headers;
    private int lastStream = -1;

    /// <param name="answered">Told of every answer: the user, the ticks from sending to receiving, the status.</param>
    internal BareConnection(Uri host, Action<BareConnection, int, long, int> answered)
    {
        (this.answered, headers) = (answered, Frames.CallOf("/metering.v1.Reservations/Track", host.Authority));
        socket.Connect(host.Host, host.Port);
        socket.Send(Frames.Opening());
        Ended = Receive();
    }

    /// <summary>Ends with the connection.</summary>
    internal Task Ended { get; }

    internal bool IsIdle
    {
        get { lock (gate) return underWay.Count == 0; }
    }

    /// <summary>Adds a call to what is sent next; false if it would have to wait.</summary>
    internal bool TryAdd(int user)
    {
        lock (gate)
        {
            if (underWay.Count >= UnderWayMost) return false;
            underWay.Add(lastStream += 2, new(user, Stopwatch.GetTimestamp()));
            outgoing.Write(Frames.Frame(Frames.Headers, Frames.EndHeaders, lastStream, headers));
            Write(lastStream, Request(user));
            return true;
        }
    }

    internal void Flush()
    {
        lock (gate)
        {
            if (outgoing.WrittenCount > 0) socket.Send(outgoing.WrittenSpan);
            outgoing.ResetWrittenCount();
        }
    }

    public void Dispose() => socket.Dispose();

    private static TrackRequest Request(int user) => new()
    {
        User = Requests.User(user), CommandId = Requests.NewId(), Mode = TrackMode.Enforced,
        Lines = { new Line { Meter = Cycle.Meter, Quantity = Cycle.Charged } },
    };

    // gRPC's own head is the byte 0, not compressed, and the length
    private void Write(int stream, TrackRequest request)
    {
        var size = request.CalculateSize();
        var frame = outgoing.GetSpan(Frames.HeaderSize + 5 + size)[..(Frames.HeaderSize + 5 + size)];
        Frames.Head(frame, 5 + size, Frames.Data, Frames.EndStream, stream);
        frame[Frames.HeaderSize] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame[(Frames.HeaderSize + 1)..], size);
        request.WriteTo(frame[(Frames.HeaderSize + 5)..]);
        outgoing.Advance(frame.Length);
    }

    private async Task Receive()
    {
        var (incoming, length) = (new byte[1 << 18], 0);
        while (await socket.ReceiveAsync(incoming.AsMemory(length)) is > 0 and var received)
        {
            var (now, used) = (Stopwatch.GetTimestamp(), 0);
            length += received;
            while (FrameSize(incoming.AsSpan(used, length - used)) is { } size)
            {
                Read(incoming.AsSpan(used, size), now);
                used += size;
            }
            Flush();
            incoming.AsSpan(used, length - used).CopyTo(incoming);
            length -= used;
        }
        throw new IOException("the host closed a connection");
    }

    // none while more of it is to come
    private static int? FrameSize(ReadOnlySpan<byte> from)
    {
        if (from.Length < Frames.HeaderSize) return null;
        var size = Frames.HeaderSize + (BinaryPrimitives.ReadInt32BigEndian(from) >>> 8);
        return size <= from.Length ? size : null;
    }

    private void Read(ReadOnlySpan<byte> frame, long now)
    {
        var (type, flags, stream) = (frame[3], frame[4], BinaryPrimitives.ReadInt32BigEndian(frame[5..]));
        var payload = frame[Frames.HeaderSize..];
        if (type == Frames.GoAway) throw new IOException("the host sent GOAWAY");
        if (type == Frames.Settings && (flags & Frames.Ack) == 0)
            lock (gate) outgoing.Write(Frames.Frame(Frames.Settings, Frames.Ack, 0, []));
        if (type == Frames.Data && !IsAllowed(payload)) Finish(stream, now, Denied);
        if (type == Frames.Reset) Finish(stream, now, Broken);
        if (type == Frames.Headers && (flags & Frames.EndStream) != 0) Finish(stream, now, Frames.StatusIn(payload));
    }

    // the first field of the reply, after gRPC's head; the frame that ends a stream may be empty
    private static bool IsAllowed(ReadOnlySpan<byte> data) => data.Length == 0 || data.Length > 6 && data[5] == 8 && data[6] == 1;

    private void Finish(int stream, long now, int status)
    {
        Sent sent;
        lock (gate)
            if (!underWay.TryGetValue(stream, out sent)) return;
        answered(this, sent.User, now - sent.At, status);
        lock (gate) underWay.Remove(stream); // only now: a connection is idle once all its answers are counted
    }
}
