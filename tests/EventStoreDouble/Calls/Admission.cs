using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Storage;

namespace Metering.EventStoreDouble.Calls;

/// <summary>Whether a node takes a call: who makes it, whether it must be the leader, and the faults that it was told to have.</summary>
internal sealed class Admission(DoubleNode node, ServerCallContext context)
{
    private readonly bool _requiresLeader =
        bool.TryParse(context.RequestHeaders.GetValue("requires-leader"), out var required) && required;

    public bool IsAllowed => context.GetHttpContext().User.Identity is { IsAuthenticated: true };

    public void CheckAccess()
    {
        if (!IsAllowed) throw RpcErrors.AccessDenied();
    }

    /// <summary>Writes, unless the node must not or a fault is in the way. A follower passes on what does not require the leader.</summary>
    public async Task<Written> Write(string stream, Func<Log, Written> write)
    {
        var fault = await Meet(CallKind.Write, stream);
        if (Refusal(fault) is { } refusal) return new(refusal);
        var written = write(node.Log);
        if (fault is FaultKind.LoseAnswer) return Lose();
        return fault is FaultKind.TimeOut ? new(Outcome.TimedOut) : written;
    }

    /// <summary>Meets the faults that reads have.</summary>
    public async Task Read(string stream)
    {
        var fault = await Meet(CallKind.Read, stream);
        if (fault is FaultKind.NotReady) throw RpcErrors.NotReady();
        if (fault is FaultKind.TooBusy) throw RpcErrors.TooBusy();
        if (fault is FaultKind.LoseRequest) Throw(Lose(), stream);
    }

    /// <summary>Each page of a read asks again: a leader that is none any more ends it there.</summary>
    public void CheckLeader()
    {
        if (Leadership() is var outcome and not Outcome.Done) Throw(new(outcome), "");
    }

    /// <summary>Refusals as errors of a call; a wrong revision is for the call itself to answer.</summary>
    public void Throw(Written written, string stream)
    {
        throw written.Outcome switch
        {
            Outcome.NotReady => RpcErrors.NotReady(),
            Outcome.TooBusy => RpcErrors.TooBusy(),
            Outcome.TimedOut => RpcErrors.TimedOut(),
            Outcome.NotLeader => RpcErrors.NotLeader("127.0.0.1", node.Cluster.Leader?.Port ?? 0),
            Outcome.NoLeader => RpcErrors.NoLeader(),
            Outcome.StreamDeleted => RpcErrors.StreamDeleted(stream),
            _ => new OperationCanceledException("the connection is cut"),
        };
    }

    private async Task<FaultKind?> Meet(CallKind calls, string stream)
    {
        var fault = node.Cluster.Faults.Take(calls, stream);
        if (fault?.Kind is FaultKind.Hold) await node.Cluster.Faults.Hold();
        if (fault?.Kind is FaultKind.Slow) await Task.Delay(fault.Delay, node.Options.Time);
        return fault?.Kind;
    }

    private Outcome? Refusal(FaultKind? fault) => fault switch
    {
        FaultKind.LoseRequest => Lose().Outcome,
        FaultKind.NotReady => Outcome.NotReady,
        FaultKind.TooBusy => Outcome.TooBusy,
        _ => !node.IsRunning ? Outcome.Lost : Leadership() is var outcome and not Outcome.Done ? outcome : null,
    };

    private Outcome Leadership()
    {
        if (node.IsLeader) return Outcome.Done;
        if (node.Cluster.Leader is null) return Outcome.NotReady;
        return _requiresLeader ? Outcome.NotLeader : Outcome.Done;
    }

    private Written Lose()
    {
        node.CutConnections();
        return new(Outcome.Lost);
    }
}
