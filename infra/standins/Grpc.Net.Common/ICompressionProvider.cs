using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>Compresses and decompresses messages under one gRPC encoding name.</summary>
public interface ICompressionProvider
{
    /// <summary>The name used in <c>grpc-encoding</c> and <c>grpc-accept-encoding</c>.</summary>
    string EncodingName { get; }

    /// <summary>Wraps the stream so that what is written to the wrapper arrives compressed.</summary>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>Wraps the stream so that what is read from the wrapper is decompressed.</summary>
    Stream CreateDecompressionStream(Stream stream);
}
