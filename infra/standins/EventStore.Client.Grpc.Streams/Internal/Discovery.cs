using System.Net;
using EventStore.Client.Wire;
using NodeState = EventStore.Client.Wire.MemberInfo.Types.NodeState;

namespace EventStore.Client;

/// <summary>Asks the known nodes, then the seeds, who is in the cluster, and takes the one that is preferred.</summary>
internal sealed class Discovery(EventStoreClientSettings settings, Channels channels)
{
    private static readonly NodeState[] Connectable =
        [NodeState.Leader, NodeState.Follower, NodeState.ReadOnlyReplica, NodeState.ReadOnlyLeaderless];

    /// <exception cref="DiscoveryException">No node answered with one to connect to, however often asked.</exception>
    public async Task<DnsEndPoint> Find(CancellationToken cancellation)
    {
        var reach = settings.ConnectivitySettings;
        for (var attempt = 0; attempt < reach.MaxDiscoverAttempts; attempt++)
        {
            var known = channels.Known();
            Random.Shared.Shuffle(known);
            foreach (var node in known)
                if (await Ask(node, cancellation).ConfigureAwait(false) is { } found) return found;
            channels.Keep(Array.ConvertAll(reach.GossipSeeds, Nodes.Of));
            await Task.Delay(reach.DiscoveryInterval, cancellation).ConfigureAwait(false);
        }
        throw new DiscoveryException(reach.MaxDiscoverAttempts);
    }

    private async Task<DnsEndPoint?> Ask(DnsEndPoint node, CancellationToken cancellation)
    {
        try
        {
            var options = CallSettings.Of(settings, settings.DefaultDeadline, settings.DefaultCredentials, cancellation);
            using var call = new Gossip.GossipClient(channels.Of(node)).ReadAsync(new Empty(), options);
            var members = (await call.ResponseAsync.ConfigureAwait(false)).Members;
            var chosen = Choose(members);
            if (chosen is not null) channels.Keep([.. members.Select(At)]);
            return chosen;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private DnsEndPoint? Choose(IEnumerable<MemberInfo> members)
    {
        var able = members.Where(member => member.IsAlive && Connectable.Contains(member.State)).ToArray();
        Random.Shared.Shuffle(able);
        return able.OrderBy(member => Rank(member.State)).Select(At).FirstOrDefault();
    }

    private int Rank(NodeState state)
    {
        NodeState[] order = settings.ConnectivitySettings.NodePreference switch
        {
            NodePreference.Leader => [NodeState.Leader, NodeState.Follower, NodeState.ReadOnlyReplica, NodeState.ReadOnlyLeaderless],
            NodePreference.Follower => [NodeState.Follower, NodeState.Leader, NodeState.ReadOnlyReplica, NodeState.ReadOnlyLeaderless],
            NodePreference.ReadOnlyReplica =>
                [NodeState.ReadOnlyReplica, NodeState.ReadOnlyLeaderless, NodeState.Leader, NodeState.Follower],
            _ => [],
        };
        return Array.IndexOf(order, state);
    }

    private static DnsEndPoint At(MemberInfo member) => new(member.HttpEndPoint.Address, (int)member.HttpEndPoint.Port);
}
