namespace Metering.EventStoreDouble.Hosting;

/// <summary>How many subscriptions are open on all nodes.</summary>
public sealed class OpenSubscriptions
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Returns when there are exactly so many.</summary>
    public async Task Are(int count, CancellationToken cancellation)
    {
        while (Changed(count) is { } changed) await changed.WaitAsync(cancellation);
    }

    internal async Task During(Func<Task> subscription)
    {
        Add(1);
        try
        {
            await subscription();
        }
        finally
        {
            Add(-1);
        }
    }

    private Task? Changed(int wanted)
    {
        lock (_gate) return _count == wanted ? null : _changed.Task;
    }

    private void Add(int change)
    {
        lock (_gate)
        {
            _count += change;
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
