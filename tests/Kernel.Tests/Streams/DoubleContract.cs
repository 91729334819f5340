using Metering.EventStoreDouble.Hosting;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The contract on a double of an EventStoreDB node: what passes here has passed on a double only.</summary>
public class DoubleContract : StreamsContract
{
    private DoubleCluster _double = null!;

    protected virtual DoubleOptions Options => new();

    [OneTimeSetUp]
    public async Task StartDouble() => _double = await DoubleCluster.Start(Options);

    [OneTimeTearDown]
    public async Task StopDouble() => await _double.DisposeAsync();

    protected override IEventStreams Open() => new EventStoreStreams(EventStoreSettings.Parse(_double.ConnectionString), TimeProvider.System);
}

/// <summary>The same on a double of a cluster that asks for credentials and takes one append a call, as nodes of old versions do.</summary>
public sealed class DoubleClusterContract : DoubleContract
{
    protected override DoubleOptions Options => new() { Nodes = 3, Tls = true, Credentials = ("admin", "changeit"), OffersBatchAppend = false };
}
