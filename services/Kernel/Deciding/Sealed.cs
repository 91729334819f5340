using System.Security.Cryptography;

namespace Metering.Kernel.Deciding;

/// <summary>Bytes behind the SHA-256 of them: damage that still reads as a state must cost time, never truth.</summary>
public static class Sealed
{
    private const int Seal = SHA256.HashSizeInBytes;

    public static ReadOnlyMemory<byte> Close(ReadOnlySpan<byte> data)
    {
        var closed = new byte[Seal + data.Length];
        SHA256.HashData(data, closed);
        data.CopyTo(closed.AsSpan(Seal));
        return closed;
    }

    /// <summary>False for what is not whole.</summary>
    public static bool TryOpen(ReadOnlyMemory<byte> closed, out ReadOnlyMemory<byte> data)
    {
        data = closed.Length < Seal ? default : closed[Seal..];
        return closed.Length >= Seal && SHA256.HashData(data.Span).AsSpan().SequenceEqual(closed.Span[..Seal]);
    }
}
