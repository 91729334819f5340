using Metering.EventStoreDouble.Hosting;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The contract on a double of a node: what it shows is about the adapter, not about EventStoreDB.</summary>
public class EventStoreDoubleContract : StreamsContract
{
    protected DoubleCluster Double { get; private set; } = null!;

    protected virtual DoubleOptions Options => new();

    protected virtual string ConnectionString => Double.ConnectionString;

    [OneTimeSetUp]
    public async Task StartDouble() => Double = await DoubleCluster.Start(Options);

    [OneTimeTearDown]
    public ValueTask StopDouble() => Double.DisposeAsync();

    protected override IEventStreams Open() => new EventStoreStreams(EventStoreSettings.Parse(ConnectionString), TimeProvider.System);
}

/// <summary>The contract on a node of a version that knows no batches: each append is a call of its own.</summary>
public sealed class EventStoreDoubleWithoutBatchesContract : EventStoreDoubleContract
{
    protected override DoubleOptions Options => new() { OffersBatchAppend = false };
}

/// <summary>The contract on a cluster that is found by gossip, first led by another node than the one that leads.</summary>
public sealed class EventStoreDoubleClusterContract : EventStoreDoubleContract
{
    protected override DoubleOptions Options => new() { Nodes = 3 };

    protected override IEventStreams Open()
    {
        Double.Elect(Double.Nodes[(Double.Nodes.ToList().IndexOf(Double.Leader!) + 1) % Double.Nodes.Count]);
        return base.Open();
    }
}

/// <summary>The contract on a node that asks for credentials and speaks TLS.</summary>
public sealed class EventStoreDoubleSecuredContract : EventStoreDoubleContract
{
    protected override DoubleOptions Options => new() { Tls = true, Credentials = ("admin", "changeit") };

    protected override string ConnectionString => base.ConnectionString.Replace("://", "://admin:changeit@", StringComparison.Ordinal);
}
