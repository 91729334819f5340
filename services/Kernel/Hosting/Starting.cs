using Microsoft.Extensions.Hosting;

namespace Metering.Kernel.Hosting;

/// <summary>What may begin only once the host has started.</summary>
public static class Starting
{
    /// <summary>Completes once the host has started, and so listens.</summary>
    /// <exception cref="OperationCanceledException">It is stopping before that.</exception>
    public static async Task WaitForStart(this IHostApplicationLifetime lifetime, CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStarted = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stopping);
    }
}
