using Metering.EventStoreDouble.Storage;

namespace Metering.EventStoreDouble.Hosting;

/// <summary>
/// A double of an EventStoreDB cluster of one or more nodes, on loopback, in memory. It speaks the public protocol and keeps a node's
/// rules as README.md lists them. It is not EventStoreDB: a result on it is a result on a double.
/// </summary>
public sealed class DoubleCluster : IAsyncDisposable
{
    private Log _log;

    private DoubleCluster(DoubleOptions options)
    {
        Options = options;
        _log = new(options.Time);
        Nodes = [.. Ports.Take(options.Port, options.Nodes).Select(port => new DoubleNode(this, port))];
        Leader = Nodes[0];
    }

    public DoubleOptions Options { get; }
    public IReadOnlyList<DoubleNode> Nodes { get; }
    public Faults Faults { get; } = new();
    public OpenSubscriptions Subscriptions { get; } = new();

    /// <summary>The node that takes writes, or null while there is none.</summary>
    public DoubleNode? Leader { get; private set; }

    /// <summary>What a client is given: every node, and what it must know of TLS; credentials are for the caller to put in.</summary>
    public string ConnectionString =>
        $"esdb://{string.Join(',', Nodes.Select(node => $"127.0.0.1:{node.Port}"))}?"
        + (Options.Tls ? "tls=true&tlsVerifyCert=false" : "tls=false");

    internal Log Log => Volatile.Read(ref _log);

    /// <summary>Starts all nodes; they take calls when this returns.</summary>
    public static async Task<DoubleCluster> Start(DoubleOptions? options = null)
    {
        var cluster = new DoubleCluster(options ?? new());
        foreach (var node in cluster.Nodes) await node.Start();
        return cluster;
    }

    /// <summary>Makes another node the leader, or none: what followers say of it changes with that, connections stay.</summary>
    public void Elect(DoubleNode? leader) => Leader = leader;

    /// <summary>Breaks every connection of every node.</summary>
    public void CutConnections()
    {
        foreach (var node in Nodes) node.CutConnections();
    }

    /// <summary>Loses all data, as nodes do whose disks are replaced, and with it every connection.</summary>
    public void Forget()
    {
        Volatile.Write(ref _log, new(Options.Time));
        CutConnections();
    }

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        Faults.Release();
        foreach (var node in Nodes) await node.Stop();
    }
}
