using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

public sealed class EventStoreSettingsTests
{
    [TestCase("esdb://127.0.0.1:2113?tls=false")]
    [TestCase("kurrentdb://127.0.0.1?tls=false")]
    [TestCase("esdb+discover://cluster.example:2113")]
    [TestCase("kurrentdb+discover://a:2113,b:2113,c:2113?nodePreference=leader")]
    [TestCase("esdb://admin:changeit@a:2113/?keepAliveInterval=5000&keepAliveTimeout=-1&connectionName=metering")]
    [TestCase("kurrentdb://admin:changeit@localhost?tlsVerifyCert=false&defaultDeadline=1000")]
    public void A_connection_string_is_read(string text)
    {
        Assert.That(EventStoreSettings.Names(text));
        Assert.That(() => EventStoreSettings.Parse(text), Throws.Nothing);
    }

    [TestCase("memory")]
    [TestCase("sqlite:esdb.db")]
    [TestCase("amqp://localhost")]
    public void Another_kind_of_store_is_not_meant(string text) => Assert.That(EventStoreSettings.Names(text), Is.False);

    [TestCase("esdb://a:port", "host:port")]
    [TestCase("esdb://", "host:port")]
    [TestCase("esdb://a:2113?tls=perhaps", "tls")]
    [TestCase("esdb://a:2113?colour=red", "colour")]
    [TestCase("esdb://a:2113?tls=false&tls=true", "tls")]
    [TestCase("esdb://a:2113?tls", "tls")]
    [TestCase("esdb://a:2113/streams", "streams")]
    [TestCase("esdb://a:2113?nodePreference=boss", "boss")]
    [TestCase("esdb://a:2113?keepAliveInterval=-7", "keepAliveInterval")]
    [TestCase("esdb://a:2113?gossipTimeout=soon", "gossipTimeout")]
    [TestCase("esdb://a:99999?tls=false", "99999")]
    [TestCase("esdb://a:2113?tlsCaFile=/nowhere/ca.pem", "certificate")]
    public void What_is_wrong_with_one_is_said(string text, string said) =>
        Assert.That(() => EventStoreSettings.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(said).IgnoreCase);

    [TestCase("esdb://user:sec:ret@a:2113")]
    [TestCase("esdb://user:sec@ret@a:2113")]
    [TestCase("esdb://usersecret@a:2113")]
    public void A_password_is_not_repeated(string text) => Assert.That(() => EventStoreSettings.Parse(text),
        Throws.TypeOf<FormatException>().With.Message.Not.Contains("sec").And.Message.Not.Contains("ret@"));
}
