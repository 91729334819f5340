using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Calls;

/// <summary>Who the nodes are, what they are and where, as this one sees it.</summary>
internal sealed class GossipService(DoubleNode node) : Gossip.GossipBase
{
    public override Task<ClusterInfo> Read(Empty request, ServerCallContext context) =>
        Task.FromResult(new ClusterInfo { Members = { node.Cluster.Nodes.Select(Member) } });

    private MemberInfo Member(DoubleNode member) => new()
    {
        InstanceId = member.Id.ToNumbers(),
        TimeStamp = node.Options.Time.GetUtcNow().Ticks - DateTimeOffset.UnixEpoch.Ticks,
        State = State(member),
        IsAlive = member.IsRunning,
        HttpEndPoint = new() { Address = "127.0.0.1", Port = (uint)member.Port },
    };

    private MemberInfo.Types.VNodeState State(DoubleNode member) =>
        !member.IsRunning ? MemberInfo.Types.VNodeState.Shutdown
        : member.IsLeader ? MemberInfo.Types.VNodeState.Leader
        : node.Cluster.Leader is null ? MemberInfo.Types.VNodeState.Unknown
        : MemberInfo.Types.VNodeState.Follower;
}
