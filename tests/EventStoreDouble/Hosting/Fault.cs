namespace Metering.EventStoreDouble.Hosting;

/// <summary>What goes wrong. The last column of README.md's table says what a client sees.</summary>
public enum FaultKind
{
    /// <summary>Nothing is done and every connection of the node breaks.</summary>
    LoseRequest,

    /// <summary>Carried out (or refused, as it would be), then every connection of the node breaks.</summary>
    LoseAnswer,

    /// <summary>Carried out, then answered as if the node could not tell in time.</summary>
    TimeOut,

    /// <summary>Nothing is done: a node that starts or has lost its leader.</summary>
    NotReady,

    /// <summary>Nothing is done: a node whose queues are full.</summary>
    TooBusy,

    /// <summary>Done <see cref="Fault.Delay"/> later.</summary>
    Slow,

    /// <summary>Done once <see cref="Faults.Release"/> is called.</summary>
    Hold,
}

/// <summary>Which calls a fault hits.</summary>
public enum CallKind { Write, Read }

/// <summary>Something that goes wrong with the next calls that match.</summary>
/// <param name="Kind">What; reads know <c>LoseRequest</c>, <c>NotReady</c>, <c>TooBusy</c>, <c>Slow</c> and <c>Hold</c>.</param>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>How many calls it hits; every one that matches if negative.</summary>
    public int Times { get; init; } = 1;

    public CallKind Calls { get; init; } = CallKind.Write;

    /// <summary>Only streams whose names start so; reads of all streams are <c>$all</c>.</summary>
    public string StreamPrefix { get; init; } = "";

    public TimeSpan Delay { get; init; }

    internal bool Hits(CallKind calls, string stream) => calls == Calls && stream.StartsWith(StreamPrefix, StringComparison.Ordinal);
}

/// <summary>The faults to come, first come, first served, and the gate where held calls wait.</summary>
public sealed class Faults
{
    private readonly Lock _gate = new();
    private readonly List<(Fault Fault, int Left)> _pending = [];
    private TaskCompletionSource _held = New(), _release = New();

    /// <summary>Completes once a call is held.</summary>
    public Task Held { get { lock (_gate) return _held.Task; } }

    public void Add(Fault fault)
    {
        lock (_gate) _pending.Add((fault, fault.Times));
    }

    public void Clear()
    {
        lock (_gate) _pending.Clear();
    }

    /// <summary>Lets all held calls go on.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _release.TrySetResult();
            (_held, _release) = (New(), New());
        }
    }

    internal Fault? Take(CallKind calls, string stream)
    {
        lock (_gate)
        {
            var index = _pending.FindIndex(item => item.Fault.Hits(calls, stream));
            if (index < 0) return null;
            var (fault, left) = _pending[index];
            if (left == 1) _pending.RemoveAt(index);
            else if (left > 1) _pending[index] = (fault, left - 1);
            return fault;
        }
    }

    internal Task Hold()
    {
        lock (_gate)
        {
            _held.TrySetResult();
            return _release.Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
