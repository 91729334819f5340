using Grpc.Core;

namespace Metering.Client;

/// <summary>Sends a command again while it may yet succeed: the very same message, so that its id makes it happen once.</summary>
internal sealed class Tries(TimeProvider time, MeteringOptions options)
{
    public async Task<TReply> Run<TReply>(Func<CallOptions, AsyncUnaryCall<TReply>> send, CancellationToken cancellation)
    {
        var deadline = time.GetUtcNow() + options.Timeout;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var call = send(new CallOptions(deadline: deadline.UtcDateTime, cancellationToken: cancellation));
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

    private static bool IsPassing(StatusCode status) => status is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.ResourceExhausted;

    // A half of each pause is left to chance, so that callers refused together do not come back together.
    private TimeSpan Pause(int attempt)
    {
        var doubled = options.FirstPause * Math.Pow(2, Math.Min(attempt - 1, 30));
        return (doubled < options.LongestPause ? doubled : options.LongestPause) * (0.5 + Random.Shared.NextDouble() / 2);
    }
}
