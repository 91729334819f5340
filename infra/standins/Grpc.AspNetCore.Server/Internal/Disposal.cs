namespace Grpc.AspNetCore.Server.Internal;

internal static class Disposal
{
    public static ValueTask DisposeAsync(object? instance)
    {
        if (instance is IAsyncDisposable later) return later.DisposeAsync();
        (instance as IDisposable)?.Dispose();
        return default;
    }
}
