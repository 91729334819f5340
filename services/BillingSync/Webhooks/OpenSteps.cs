using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Metering.BillingSync.Webhooks;

/// <summary>Of whom steps may be open that no webhook does any more: a queue in which everyone stands once.</summary>
public sealed class OpenSteps
{
    private readonly Channel<string> queue = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, bool> waiting = new(StringComparer.Ordinal);

    private TaskCompletionSource tried = New();

    /// <summary>Why Accounts did not answer the last time; none: it did, or there was nothing to ask.</summary>
    public string? Away { get; private set; }

    /// <summary>Completes once somebody was taken up, well or not.</summary>
    public Task NextTry => Volatile.Read(ref tried).Task;

    public void Add(string subject)
    {
        if (waiting.TryAdd(subject, true)) queue.Writer.TryWrite(subject);
    }

    /// <summary>The next one, once there is one.</summary>
    public async Task<string> Next(CancellationToken cancellation)
    {
        var subject = await queue.Reader.ReadAsync(cancellation);
        waiting.TryRemove(subject, out _);
        return subject;
    }

    internal void Tried(string? away)
    {
        Away = away;
        Interlocked.Exchange(ref tried, New()).SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
