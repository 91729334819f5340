using Metering.Kernel.Messaging;
using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;

namespace Metering.Messaging.Tests;

/// <summary>
/// The RabbitMQ that the environment variable RABBITMQ names. Each test begins with none of our queues and exchanges there: two runs at once
/// want two brokers, or two virtual hosts in that address.
/// </summary>
internal static class Broker
{
    private static readonly string[] Queues = ["billing-sync", "billing-sync_error", "picky", "picky_error", "slow"];
    private static readonly string[] Exchanges =
    [
        .. Queues, "Metering.Contracts.Messages:PeriodEnded", "Metering.Contracts.Messages:PeriodClosed",
        "Metering.Contracts.Messages:ThresholdReached", "Metering.Messaging.Tests:Note", "Metering.Messaging.Tests:Page",
    ];

    /// <summary>Its address; the test is passed over without one, and fails where everything is to run.</summary>
    public static string Address
    {
        get
        {
            if (Environment.GetEnvironmentVariable("RABBITMQ") is { Length: > 0 } address) return address;
            const string why = "RABBITMQ names no broker: make test starts one";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(why);
            Assert.Ignore(why);
            return "";
        }
    }

    public static BrokerAddress Parsed => Parse(Address);

    public static BrokerAddress Parse(string address) =>
        BrokerAddress.Of(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("Bus", address)]).Build())!;

    public static async Task Clear()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(Address) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in Queues) await channel.QueueDeleteAsync(queue);
        foreach (var exchange in Exchanges) await channel.ExchangeDeleteAsync(exchange);
    }

    /// <summary>Declares a queue as ours are to be; throws if it is there and is another.</summary>
    public static async Task DeclareQuorum(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(Address) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { [Headers.XQueueType] = "quorum", ["x-delivery-limit"] = int.MaxValue });
    }

    /// <summary>How many messages a queue holds that nobody is working on.</summary>
    public static async Task<uint> Holds(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(Address) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(queue);
    }
}
