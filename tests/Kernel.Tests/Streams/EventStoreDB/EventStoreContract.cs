using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The contract on a real node: the environment variable EVENTSTORE holds its connection string.</summary>
public sealed class EventStoreContract : StreamsContract
{
    private static readonly string? Node = Environment.GetEnvironmentVariable("EVENTSTORE");

    [OneTimeSetUp]
    public void NeedsANode()
    {
        if (string.IsNullOrEmpty(Node)) Assert.Ignore("EVENTSTORE names no EventStoreDB node (esdb://127.0.0.1:2113?tls=false)");
    }

    protected override IEventStreams Open() => new EventStoreStreams(EventStoreSettings.Parse(Node!), TimeProvider.System);
}
