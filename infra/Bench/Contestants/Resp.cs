using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Metering.Bench.Contestants;

/// <summary>One connection to Redis in its own protocol, a command at a time: as much as two scripts and their check need.</summary>
internal sealed class Resp : IDisposable
{
    private readonly TcpClient tcp;
    private readonly NetworkStream stream;
    private readonly byte[] incoming = new byte[16_384];

    private Resp(TcpClient tcp) => (this.tcp, stream) = (tcp, tcp.GetStream());

    internal static async Task<Resp> Connect(int port)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", port);
        return new Resp(tcp);
    }

    /// <summary>Sends a command and returns its answer: a line, a number or a text.</summary>
    /// <exception cref="InvalidOperationException">Redis answers with an error, or nothing.</exception>
    internal async Task<string> Ask(params string[] words)
    {
        var command = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words) command.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()));
        for (var length = 0; ;)
        {
            var read = await stream.ReadAsync(incoming.AsMemory(length));
            if (read == 0) throw new InvalidOperationException("Redis closed the connection, or its answer is too long");
            length += read;
            if (Answer(Encoding.UTF8.GetString(incoming, 0, length)) is { } answer) return answer;
        }
    }

    public void Dispose() => tcp.Dispose();

    // none while more of it is to come
    private static string? Answer(string text)
    {
        var end = text.IndexOf("\r\n", StringComparison.Ordinal);
        if (end < 0) return null;
        var line = text[1..end];
        if (text[0] is ':' or '+') return line;
        if (text[0] != '$' || line == "-1") throw new InvalidOperationException($"Redis answers {text}");
        var length = int.Parse(line, CultureInfo.InvariantCulture);
        return text.Length >= end + 4 + length ? text.Substring(end + 2, length) : null;
    }
}
