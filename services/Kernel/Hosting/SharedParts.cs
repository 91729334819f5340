using Metering.Kernel.Messaging;
using Microsoft.Extensions.Configuration;

namespace Metering.Kernel.Hosting;

/// <summary>
/// What services in processes of their own share cannot be in the memory of one of them: each would wait for the others in silence.
/// </summary>
public static class SharedParts
{
    /// <exception cref="InvalidOperationException">The event store is in memory.</exception>
    public static void CheckEventStore(IConfiguration configuration)
    {
        if (configuration["EventStore"] == "memory")
            throw new InvalidOperationException("EventStore is 'memory'; expected a store that the other services reach too");
    }

    /// <exception cref="InvalidOperationException">The event store or the bus is in memory, or no bus is named.</exception>
    public static void CheckAll(IConfiguration configuration)
    {
        CheckEventStore(configuration);
        if (BrokerAddress.Of(configuration) is null)
            throw new InvalidOperationException(
                $"{BrokerAddress.Setting} is '{configuration[BrokerAddress.Setting]}'; expected amqp://user:password@host:port/vhost");
    }
}
