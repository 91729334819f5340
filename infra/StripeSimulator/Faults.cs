namespace Metering.StripeSimulator;

/// <summary>The faults to come, first come, first served, and the gate that held requests wait at.</summary>
public sealed class Faults
{
    private readonly Lock gate = new();
    private readonly List<Pending> pending = [];
    private TaskCompletionSource held = New();
    private TaskCompletionSource release = New();

    public void Add(Fault fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fault.Every, 1);
        lock (gate) pending.Add(new Pending(fault));
    }

    public void Clear()
    {
        lock (gate) pending.Clear();
    }

    /// <summary>Completes once a request is held.</summary>
    public Task Held
    {
        get { lock (gate) return held.Task; }
    }

    /// <summary>Lets all held requests go on.</summary>
    public void Release()
    {
        lock (gate)
        {
            release.TrySetResult();
            (held, release) = (New(), New());
        }
    }

    internal Fault? Take(Call call) => Take(f => f.Hits(call));

    internal bool TakePayment(string customer) => Take(f => f.HitsPayment(customer)) is not null;

    internal Fault? TakeDelivery(string type) => Take(f => f.HitsDelivery(type));

    private Fault? Take(Func<Fault, bool> hits)
    {
        lock (gate)
        {
            if (pending.Count == 0) return null;
            var taken = pending.FirstOrDefault(p => hits(p.Fault) && p.IsDue());
            if (taken?.Left == 0) pending.Remove(taken);
            return taken?.Fault;
        }
    }

    internal Task WaitAsync()
    {
        lock (gate)
        {
            held.TrySetResult();
            return release.Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Pending(Fault fault)
    {
        private int matched;

        internal Fault Fault { get; } = fault;

        internal int Left { get; private set; } = fault.Times;

        internal bool IsDue()
        {
            if (++matched % Fault.Every != 0 || Left == 0) return false;
            if (Left > 0) Left--;
            return true;
        }
    }
}
