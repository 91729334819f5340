using Grpc.Core;

namespace Metering.Standins.Tests.Rpc;

internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Waits for what must happen, and fails the test rather than hang it.</summary>
    public static Task Soon(this Task task) => task.WaitAsync(Limit);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task<T> Soon<T>(this TaskCompletionSource<T> source) => source.Task.WaitAsync(Limit);

    /// <summary>The error that a call must end with.</summary>
    public static async Task<RpcException> Failure(this Task call)
    {
        try
        {
            await call.Soon();
        }
        catch (RpcException error)
        {
            return error;
        }
        throw new AssertionException("The call succeeded, and should have failed.");
    }

    public static DateTime In(int milliseconds) => TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(milliseconds);
}
