namespace Grpc.Net.Client.Internal;

/// <summary>The calls in progress, so that disposing the channel ends them: an intrusive list, since it is on every call's path.</summary>
internal sealed class ActiveCalls
{
    private readonly Lock _lock = new();
    private Call? _first;

    public bool Closed { get; private set; }

    public void Add(Call call)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(Closed, typeof(GrpcChannel));
            call.Next = _first;
            if (_first is not null) _first.Previous = call;
            _first = call;
            call.Listed = true;
        }
    }

    public void Remove(Call call)
    {
        lock (_lock)
        {
            if (!call.Listed) return;
            call.Listed = false;
            if (call.Next is not null) call.Next.Previous = call.Previous;
            if (call.Previous is not null) call.Previous.Next = call.Next;
            else _first = call.Next;
            call.Next = call.Previous = null;
        }
    }

    /// <summary>Refuses further calls and ends those in progress; false if that was done before.</summary>
    public bool Close()
    {
        var calls = new List<Call>();
        lock (_lock)
        {
            if (Closed) return false;
            Closed = true;
            for (var call = _first; call is not null; call = call.Next) calls.Add(call);
        }
        // outside the lock: each takes itself off the list
        foreach (var call in calls) call.Dispose();
        return true;
    }
}
