using System.Net;
using EventStore.Client;

namespace Metering.Standins.Tests.EventStoreDB;

public sealed class ConnectionStringTests
{
    [Test]
    public void One_node_is_an_address()
    {
        var settings = EventStoreClientSettings.Create(
            "esdb://admin:changeit@localhost:2114/?tls=false&defaultDeadline=1500&throwOnAppendFailure=false");
        var reach = settings.ConnectivitySettings;
        Assert.That((reach.Address, reach.IsSingleNode, reach.Insecure), Is.EqualTo((new Uri("http://localhost:2114"), true, true)));
        Assert.That((settings.DefaultCredentials!.Username, settings.DefaultCredentials.Password), Is.EqualTo(("admin", "changeit")));
        Assert.That((settings.DefaultDeadline, settings.OperationOptions.ThrowOnAppendFailure),
            Is.EqualTo((TimeSpan.FromSeconds(1.5), false)));
    }

    [Test]
    public void What_is_not_said_has_its_default()
    {
        var reach = EventStoreClientSettings.Create("esdb://localhost").ConnectivitySettings;
        Assert.That((reach.Address, reach.Insecure, reach.TlsVerifyCert), Is.EqualTo((new Uri("https://localhost:2113"), false, true)));
        Assert.That((reach.MaxDiscoverAttempts, reach.DiscoveryInterval, reach.GossipTimeout, reach.NodePreference),
            Is.EqualTo((10, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(5), NodePreference.Leader)));
        Assert.That((reach.KeepAliveInterval, reach.KeepAliveTimeout), Is.EqualTo((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10))));
    }

    [Test]
    public void Several_nodes_or_a_name_to_discover_are_seeds()
    {
        var several = EventStoreClientSettings.Create("esdb://a:1,b?nodePreference=Follower&keepAliveInterval=-1").ConnectivitySettings;
        Assert.That(several.GossipSeeds, Is.EqualTo(new EndPoint[] { new DnsEndPoint("a", 1), new DnsEndPoint("b", 2113) }));
        Assert.That((several.IsSingleNode, several.NodePreference, several.KeepAliveInterval),
            Is.EqualTo((false, NodePreference.Follower, System.Threading.Timeout.InfiniteTimeSpan)));
        var one = EventStoreClientSettings.Create("esdb+discover://10.0.0.1:7?TLS=False&maxDiscoverAttempts=3").ConnectivitySettings;
        Assert.That(one.IpGossipSeeds, Is.EqualTo(new[] { new IPEndPoint(IPAddress.Parse("10.0.0.1"), 7) }));
        Assert.That((one.Insecure, one.MaxDiscoverAttempts), Is.EqualTo((true, 3)));
    }

    [TestCase("localhost:2113", typeof(NoSchemeException))]
    [TestCase("http://localhost", typeof(InvalidSchemeException))]
    [TestCase("kurrentdb://localhost", typeof(InvalidSchemeException))]
    [TestCase("esdb://user@localhost", typeof(InvalidUserCredentialsException))]
    [TestCase("esdb://localhost:port", typeof(InvalidHostException))]
    [TestCase("esdb://a:1:2", typeof(InvalidHostException))]
    [TestCase("esdb://", typeof(InvalidHostException))]
    [TestCase("esdb://localhost/path", typeof(ConnectionStringParseException))]
    [TestCase("esdb://localhost?tls", typeof(InvalidKeyValuePairException))]
    [TestCase("esdb://localhost?", typeof(InvalidKeyValuePairException))]
    [TestCase("esdb://localhost?tls=true&tls=false", typeof(DuplicateKeyException))]
    [TestCase("esdb://localhost?tls=perhaps", typeof(InvalidSettingException))]
    [TestCase("esdb://localhost?maxDiscoverAttempts=few", typeof(InvalidSettingException))]
    [TestCase("esdb://localhost?nodePreference=boss", typeof(InvalidSettingException))]
    [TestCase("esdb://localhost?keepAliveTimeout=-2", typeof(InvalidSettingException))]
    [TestCase("esdb://localhost?colour=red", typeof(InvalidSettingException))]
    [TestCase("esdb://localhost?tlsCaFile=nowhere.pem", typeof(InvalidClientCertificateException))]
    [TestCase("esdb://localhost?userCertFile=nowhere.pem", typeof(InvalidClientCertificateException))]
    public void What_cannot_be_read_says_why(string text, Type error) =>
        Assert.That(() => EventStoreClientSettings.Create(text), Throws.TypeOf(error));
}
