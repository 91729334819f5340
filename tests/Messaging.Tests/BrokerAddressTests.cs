using Metering.Kernel.Messaging;
using Microsoft.Extensions.Configuration;

namespace Metering.Messaging.Tests;

/// <summary>The setting <c>Bus</c>.</summary>
public sealed class BrokerAddressTests
{
    [TestCase(null)]
    [TestCase("")]
    [TestCase("memory")]
    public void Without_a_broker_the_bus_is_in_memory(string? setting) => Assert.That(Of(setting), Is.Null);

    [TestCase("amqp://ann:secret@mq.example:5673/billing", "mq.example", 5673, "billing", "ann", "secret")]
    [TestCase("amqp://ann:secret@mq.example/%2Fbilling", "mq.example", 5672, "/billing", "ann", "secret")]
    [TestCase("amqp://ann:s%40cret@127.0.0.1", "127.0.0.1", 5672, "/", "ann", "s@cret")]
    [TestCase("amqp://ann:@[::1]:1/", "::1", 1, "/", "ann", "")]
    public void A_broker_is_read(string setting, string host, int port, string virtualHost, string user, string password) =>
        Assert.That(Of(setting), Is.EqualTo(new BrokerAddress(host, (ushort)port, virtualHost, user, password)));

    [TestCase("nonsense", "Bus is 'nonsense'")]
    [TestCase("rabbitmq://ann:secret@mq.example/", "Bus is 'rabbitmq://…'")]
    [TestCase("amqp://mq.example/", "Bus is 'amqp://…'")]
    [TestCase("amqp://ann@mq.example/", "Bus is 'amqp://…'")]
    [TestCase("amqp://ann:secret@mq.example/a/b", "Bus is 'amqp://…'")]
    [TestCase("amqp://ann:secret@mq.example/?heartbeat=1", "Bus is 'amqp://…'")]
    public void Anything_else_is_refused_without_showing_a_password(string setting, string named)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => Of(setting))!;
        Assert.That(refusal.Message, Does.Contain(named).And.Contain("expected memory or amqp://").And.Not.Contain("secret"));
    }

    [Test]
    public void A_broker_is_shown_without_its_password() =>
        Assert.That(Of("amqp://ann:secret@mq.example/billing")!.ToString(), Is.EqualTo("amqp://mq.example:5672/billing"));

    private static BrokerAddress? Of(string? setting) =>
        BrokerAddress.Of(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Bus", setting)]).Build());
}
