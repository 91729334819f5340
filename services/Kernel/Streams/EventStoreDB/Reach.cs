namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>
/// Fails calls fast while the store is away. A second of failures is taken for a passing trouble and every call tries; after that one
/// call in a fifth of a second tries, and the others are told at once.
/// </summary>
internal sealed class Reach(TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly long _pause = clock.TimestampFrequency / 5;
    private long _failingSince;
    private long _nextTry;
    private long _lastAnswer = clock.GetTimestamp();

    /// <summary>When the store was last heard of: a call that waits in vain while this stays as it was is not alone.</summary>
    public long LastAnswer => Volatile.Read(ref _lastAnswer);

    /// <summary>For how long there have been failures and no answer.</summary>
    public TimeSpan FailingFor => Volatile.Read(ref _failingSince) is var since and not 0 ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <exception cref="StreamsUnavailableException">The store is away and it is not this call's turn to try.</exception>
    public void Enter()
    {
        var since = Volatile.Read(ref _failingSince);
        if (since == 0 || clock.GetElapsedTime(since) < Patience) return;
        var (now, next) = (clock.GetTimestamp(), Volatile.Read(ref _nextTry));
        if (now >= next && Interlocked.CompareExchange(ref _nextTry, now + _pause, next) == next) return;
        throw new StreamsUnavailableException("the event store is away", outcomeUnknown: false);
    }

    public void Answered()
    {
        Volatile.Write(ref _lastAnswer, clock.GetTimestamp());
        if (Volatile.Read(ref _failingSince) != 0) Volatile.Write(ref _failingSince, 0);
    }

    public void Failed() => Interlocked.CompareExchange(ref _failingSince, Math.Max(1, clock.GetTimestamp()), 0);

    /// <summary>A call waited in vain for as long as any may: there is no patience left.</summary>
    public void WaitedInVain() => Volatile.Write(ref _failingSince, Math.Max(1, clock.GetTimestamp() - clock.TimestampFrequency));
}
