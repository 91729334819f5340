using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

internal static class MessageWriting
{
    public static ValueTask WriteAsync<T>(
        Stream stream, T message, MessageBuffer buffer, Action<T, SerializationContext> serialize, Call call, WriteOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            return stream.WriteAsync(buffer.Fill(message, serialize, Compression(call, options)), cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

    private static ICompressionProvider? Compression(Call call, WriteOptions? options)
    {
        if (call.RequestEncoding is not { } encoding || encoding == "identity") return null;
        if (options is not null && (options.Flags & WriteFlags.NoCompress) != 0) return null;
        return call.Settings.Compression.TryGetValue(encoding, out var provider)
            ? provider
            : throw new InvalidOperationException($"Could not find compression provider for '{encoding}'.");
    }
}
