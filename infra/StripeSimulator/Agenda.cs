namespace Metering.StripeSimulator;

/// <summary>
/// What is to happen, in the order of its time. Nothing happens by itself: whoever looks next makes it catch up, so that
/// everything is as if it had happened when it was due. Its owner takes the lock.
/// </summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action<DateTimeOffset>, (DateTimeOffset At, long Order)> entries = new();
    private long added;

    internal void Add(DateTimeOffset at, Action<DateTimeOffset> action) => entries.Enqueue(action, (at, added++));

    internal void CatchUp(DateTimeOffset now)
    {
        while (entries.TryPeek(out var action, out var due) && due.At <= now)
        {
            entries.Dequeue();
            action(due.At);
        }
    }
}
