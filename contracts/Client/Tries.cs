using Grpc.Core;

namespace Metering.Client;

/// <summary>
/// Sends a command again while it may yet succeed: after <c>UNAVAILABLE</c> (so after a lost connection too), a clash, overload, or no
/// answer in time. Always the very same message, so that its id, or what it is keyed by, makes it happen once: for nothing else.
/// </summary>
/// <param name="time">Measures pauses and deadlines; gRPC compares those with the system's clock.</param>
/// <param name="options">How long and how often.</param>
public sealed class Tries(TimeProvider time, MeteringOptions options)
{
    /// <summary>The reply to the first try that has one; <paramref name="send"/> is given each try's deadline and cancellation.</summary>
    /// <exception cref="MeteringException">It was refused, or the tries or the time ran out: the last error.</exception>
    public async Task<TReply> Run<TReply>(Func<CallOptions, AsyncUnaryCall<TReply>> send, CancellationToken cancellation)
    {
        var deadline = time.GetUtcNow() + options.Timeout;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var call = send(new CallOptions(deadline: TryUntil(deadline), cancellationToken: cancellation));
                return await call;
            }
            catch (RpcException error)
            {
                cancellation.ThrowIfCancellationRequested();
                var pause = Pause(attempt);
                var more = attempt < options.Tries && time.GetUtcNow() + pause < deadline;
                if (!more || !IsPassing(error.StatusCode)) throw new MeteringException(error);
                await Task.Delay(pause, time, cancellation);
            }
        }
    }

    private DateTime TryUntil(DateTimeOffset deadline)
    {
        var own = time.GetUtcNow() + options.TryTimeout;
        return (own < deadline ? own : deadline).UtcDateTime;
    }

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded;

    // A half of each pause is left to chance, so that callers refused together do not come back together.
    private TimeSpan Pause(int attempt)
    {
        var doubled = options.FirstPause * Math.Pow(2, Math.Min(attempt - 1, 30));
        return (doubled < options.LongestPause ? doubled : options.LongestPause) * (0.5 + Random.Shared.NextDouble() / 2);
    }
}
